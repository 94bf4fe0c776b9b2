import { describe, expect, it } from '@jest/globals';
import { rnx } from './testing/run-rnx.js';
import { VERSION } from './version.js';

describe('help', () => {
  it.each([
    '--help',
    'job --help',
    'job run --help',
    'job log -h',
    'job metrics --help',
    'job list --help',
    'job status --help',
    'job delete --help',
    'config check --help',
  ])('%s goes to stdout', async (line) => {
    const { code, out, err } = await rnx(line);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('Usage: rnx');
    if (line !== 'job --help') expect(out).toContain('Examples:\n  rnx ');
  });

  it('is what a command that is not complete gets, on stderr', async () => {
    const { code, out, err } = await rnx('job');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('what a job wrote');
  });

  it('tells the version', async () => {
    expect(await rnx('--version')).toEqual({ code: 0, out: `${VERSION}\n`, err: '' });
  });
});

describe('wrong usage', () => {
  it.each([
    ['job log', "missing required argument 'job'"],
    ['job log j --tail=abc', '--tail: found "abc", expected a whole number from 1 to 2147483647'],
    ['job log j --tail 0', '--tail: found "0", expected'],
    ['job log j --tail=2147483648', '--tail: found "2147483648", expected'],
    ['job log j --stream=out', '--stream: found "out", expected one of stdout, stderr;'],
    ['job log j --since=never', '--since: found "never", expected now, how long ago'],
    ['job log ../etc', 'JOB: found "../etc", expected a job id or its beginning'],
    ['job log a b', "too many arguments for 'log'"],
    ['job log j --raw --json', "option '--raw' cannot be used with option '--json'"],
    ['job log j --raw --timestamps', "option '--timestamps' cannot be used with option '--raw'"],
    ['job logs j', "unknown command 'logs', did you mean log?"],
    ['job list --limt=1', "unknown option '--limt=1', did you mean --limit?"],
    ['--nosuch job list', "unknown option '--nosuch'"],
    ['job metrics j --step=1m', "option '--step' needs '--aggregate'"],
    ['job metrics j --aggregate=median', 'expected one of avg, min, max, sum'],
    ['job metrics j --aggregate=avg --step=0s', '--step: found "0s", expected a duration'],
    ['job list --socket /s --node n', '--socket and --node (or --rnx-config) name two services'],
    ['job run', "missing required argument 'command'"],
    ['job run --id a/b -- true', '--id: found "a/b", expected'],
    ['job run --env LEVEL -- true', '--env: found "LEVEL", expected NAME=VALUE'],
  ])('%s: %s', async (line, message) => {
    const { code, out, err } = await rnx(line);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toMatch(/^rnx: [^\n]*\n$/);
  });
});

describe('configuration', () => {
  it('-config is --config, in front of the command and behind it', async () => {
    for (const line of [
      '-config /nosuch.yml job list',
      'job list -config=/nosuch.yml',
      'job list --config /nosuch.yml',
    ]) {
      const { code, err } = await rnx(line);
      expect(code).toBe(1);
      expect(err).toBe(
        'rnx: the configuration is wrong: /nosuch.yml: found no such file, expected a readable configuration file\n',
      );
    }
  });
});
