import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const MAIN = fileURLToPath(new URL('./main.mjs', import.meta.url));
// A Debian package that a stranger may not have.
const itWithStrace = spawnSync('strace', ['-V']).status === 0 ? it : it.skip;

async function runShort(kind: string): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [MAIN, kind, '--short', '--quiet', '--seed', '1'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect(errors).toBe('');
  return JSON.parse(output) as Record<string, unknown>;
}

describe('a store that is killed and whose disk fails, in short; docs/reliability.md has the long form', () => {
  it('has all that it acknowledged after each of several SIGKILLs', async () => {
    expect(await runShort('kill')).toMatchObject({ kills: 4 });
  });

  itWithStrace('refuses or stores, never half, when system calls fail', async () => {
    const counts = await runShort('faults');
    expect(counts).toMatchObject({ deaths: 0 });
    expect(counts.runsWithFailures).toBeGreaterThan(0);
  });

  itWithStrace('has all that it acknowledged after a loss of power, and needs its syncs for it', async () => {
    const counts = await runShort('power');
    expect(counts).toMatchObject({ legs: 1, unneeded: [] });
  });

  it('refuses while the disk is full, and goes on when there is space', async () => {
    const { fills, leftOut } = await runShort('full-disk');
    // Without the right to mount, the counts say so.
    expect(fills ?? leftOut).toBeTruthy();
  });

  itWithStrace('loses nothing on a slow disk, and holds no more than it may', async () => {
    const counts = await runShort('slow-disk');
    expect(counts).toMatchObject({ refused: 0 });
    expect(counts.rowsCompared).toBeGreaterThan(0);
  });
});

describe('persist, killed under load', () => {
  it('still has what could be read before', async () => {
    expect(await runShort('persist')).toMatchObject({ kills: 2 });
  });
});
