import { Command } from 'commander';
import { describe, expect, it } from '@jest/globals';
import { rewriteArgs } from './rewrite-args.js';

function rewrite(line: string): string {
  const program = new Command().option('--config <file>').option('--json').option('-n, --number <n>');
  const job = program.command('job');
  job.command('run').option('--id <id>');
  job.command('log').option('--tail <n>');
  return rewriteArgs(line.split(' '), program, ['job', 'run']).join(' ');
}

describe('rewriteArgs', () => {
  it.each([
    ['-config f job list', '--config f job list'],
    ['job log j -tail=5 -json', 'job log j --tail=5 --json'],
    ['job run -id x -- cmd -config f', 'job run --id x -- cmd -config f'],
    ['job run -id x cmd -config f', 'job run --id x cmd -config f'],
    ['job run --id run cmd -json', 'job run --id run cmd -json'],
    ['job run cmd -- -json', 'job run cmd -- -json'],
    ['-config -json job run -json', '--config -json job run --json'],
    ['-n 5 -nosuch -j - -config', '-n 5 -nosuch -j - --config'],
  ])('%s', (line, expected) => {
    expect(rewrite(line)).toBe(expected);
  });
});
