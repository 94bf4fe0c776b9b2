import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openWal } from './index.js';
import { collect } from './testing/collect.js';

const APPENDER = fileURLToPath(new URL('./testing/crash-appender.mjs', import.meta.url));
const DIST = new URL('../dist/index.js', import.meta.url).href;
const STRACE = spawnSync('strace', ['-V']).status === 0;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wal-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** Lets a process append from a number on until it has told so many results, then kills it. */
async function appendAndKill(
  start: number,
  results: number,
  tracer: readonly string[] = [],
): Promise<{ acknowledged: Map<number, bigint>; refused: number[] }> {
  const command = [...tracer, process.execPath, APPENDER, DIST, directory, String(start)];
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'ignore'],
    // One thread does all system calls: strace counts them for each thread.
    env: { ...process.env, NODE_OPTIONS: '', UV_THREADPOOL_SIZE: '1' },
    detached: true,
  });
  const closed = once(child, 'close');
  const acknowledged = new Map<number, bigint>();
  const refused: number[] = [];
  for await (const line of createInterface(child.stdout)) {
    const [, sign, number, position] = /^([+-])(\d+) (\S+)$/.exec(line) ?? [];
    if (sign === '+') acknowledged.set(Number(number), BigInt(position));
    if (sign === '-') refused.push(Number(number));
    // The whole group: strace, and what it traces.
    if (acknowledged.size + refused.length === results) process.kill(-child.pid!, 'SIGKILL');
  }
  await closed;
  return { acknowledged, refused };
}

async function found(): Promise<Map<number, bigint>> {
  const log = await openWal({ directory });
  const { records, holes } = await collect(log.read());
  await log.close();
  expect(holes).toEqual([]);
  const numbers = new Map(
    records.map(({ payload, position }) => [parseInt(payload.toString('latin1'), 10), position]),
  );
  expect(numbers.size).toBe(records.length);
  expect([...numbers.keys()]).toEqual([...numbers.keys()].sort((a, b) => a - b));
  return numbers;
}

describe('a process that is killed while it appends', () => {
  it('leaves every acknowledged record, in order, once, however often', async () => {
    const acknowledged = new Map<number, bigint>();
    for (let life = 0; life < 6; life++) {
      const told = await appendAndKill(life * 1_000_000, 100 + life * 40);
      for (const [number, position] of told.acknowledged) acknowledged.set(number, position);
      const there = await found();
      for (const [number, position] of acknowledged) expect(there.get(number)).toBe(position);
    }
    expect(acknowledged.size).toBeGreaterThan(500);
  });
});

const withStrace = STRACE || process.env.JOBLET_REQUIRE_SERVERS === '1' ? describe : describe.skip;

withStrace('a process whose system calls fail', () => {
  it.each([
    ['pwritev', 'EIO', '3+4'],
    ['pwritev', 'ENOSPC', '2+3'],
    ['fdatasync', 'EIO', '3+5'],
    ['fsync', 'EIO', '3+3'],
  ])('(%s: %s) refuses what they were for, and keeps all the rest', async (syscall, error, when) => {
    const inject = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${syscall}`];
    const told = await appendAndKill(0, 600, [
      ...inject,
      '-e',
      `inject=${syscall}:error=${error}:when=${when}`,
    ]);
    expect(told.refused.length).toBeGreaterThan(0);
    expect(told.acknowledged.size).toBeGreaterThan(0);
    const there = await found();
    for (const [number, position] of told.acknowledged) expect(there.get(number)).toBe(position);
    const last = Math.max(...told.acknowledged.keys());
    for (const number of told.refused) if (number < last) expect(there.has(number)).toBe(false);
  });
});
