import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DRAIN_DEADLINE_MS, EXIT_CONFIG, EXIT_USAGE } from '@joblet/service';
import { describe, expect, it } from '@jest/globals';

const UNIT = fileURLToPath(new URL('../systemd/joblet-state.service', import.meta.url));
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

/** `Section.Key` and its values. */
function directives(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let section = '';
  for (const line of readFileSync(UNIT, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const header = /^\[(\w+)\]$/.exec(line);
    const [, key, value] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (header) section = header[1];
    else if (key === undefined) throw new Error(`neither section nor directive: ${line}`);
    else found.set(`${section}.${key}`, value);
  }
  return found;
}

describe('joblet-state.service', () => {
  const unit = directives();

  it('starts a command of this package', () => {
    const { bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
      bin: Record<string, string>;
    };
    const command = unit.get('Service.ExecStart')?.replace('/usr/bin/env ', '');
    expect(Object.keys(bin)).toContain(command);
  });

  it('leaves time to stop, reloads by SIGHUP, and does not restart what cannot start', () => {
    expect(unit.get('Service.TimeoutStopSec')).toMatch(/^\d+s$/);
    expect(parseInt(unit.get('Service.TimeoutStopSec') ?? '', 10) * 1_000).toBeGreaterThan(DRAIN_DEADLINE_MS);
    expect(unit.get('Service.KillSignal')).toBe('SIGTERM');
    expect(unit.get('Service.ExecReload')).toBe('/bin/kill -HUP $MAINPID');
    expect(unit.get('Service.Restart')).toBe('on-failure');
    expect(unit.get('Service.RestartPreventExitStatus')).toBe(`${EXIT_USAGE} ${EXIT_CONFIG}`);
  });

  it('does not forbid what Node needs', () => {
    expect([...unit.keys()]).not.toContain('Service.MemoryDenyWriteExecute');
    expect(unit.get('Service.RestrictAddressFamilies')).toBe('AF_UNIX AF_INET AF_INET6');
  });

  (hasSystemd ? it : it.skip)('is right for systemd', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', UNIT], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
