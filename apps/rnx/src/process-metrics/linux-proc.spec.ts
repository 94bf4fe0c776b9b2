import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SessionUsage } from './linux-proc.js';

const PARENT = 10;
const SESSION = 20;

interface FakeProcess {
  parent?: number;
  session?: number;
  ticks?: number;
  childTicks?: number;
  startTime?: number;
  kib?: number;
  written?: number;
}

let procRoot: string;
let now: bigint;

beforeEach(() => {
  procRoot = mkdtempSync(join(tmpdir(), 'proc-'));
  now = 0n;
  put(PARENT, { session: PARENT, ticks: 999, childTicks: 500 });
});
afterEach(() => rmSync(procRoot, { recursive: true }));

function put(pid: number, fake: FakeProcess): void {
  const {
    parent = PARENT,
    session = SESSION,
    ticks = 0,
    childTicks = 0,
    startTime = 1,
    kib = 0,
    written = 0,
  } = fake;
  const folder = join(procRoot, String(pid));
  mkdirSync(folder, { recursive: true });
  const zeros = '0 0 0 0 0 0 0';
  writeFileSync(
    join(folder, 'stat'),
    `${pid} (a b) S ${parent} ${session} ${session} ${zeros} ${ticks} 0 ${childTicks} 0 20 0 1 0 ${startTime} 0 0`,
  );
  writeFileSync(join(folder, 'status'), kib ? `VmRSS:\t${kib} kB\n` : '');
  writeFileSync(join(folder, 'io'), `syscr: 1\nsyscw: 2\nread_bytes: 3\nwrite_bytes: ${written}\n`);
}

const end = (pid: number): void => rmSync(join(procRoot, String(pid)), { recursive: true });

async function started(): Promise<SessionUsage> {
  mkdirSync(join(procRoot, 'self'));
  const usage = new SessionUsage({ parent: PARENT, clock: () => now, procRoot });
  await usage.start();
  return usage;
}

/** A sample one second later. */
async function sample(usage: SessionUsage) {
  now += 1_000_000_000n;
  const { cpuUsage, memoryUsage, diskIo } = await usage.sample(SESSION);
  return { cpu: cpuUsage, memory: memoryUsage, written: diskIo?.writeBytes };
}

describe('SessionUsage', () => {
  it('sums the processes of the session and no others', async () => {
    const usage = await started();
    put(20, { ticks: 50, kib: 10, written: 100 });
    put(21, { parent: 20, ticks: 100, kib: 5, written: 11 });
    put(22, { session: 22, ticks: 77, kib: 7, written: 7 });
    expect(await sample(usage)).toEqual({ cpu: 1.5, memory: 15_360n, written: 111n });
    put(20, { ticks: 60, kib: 1, written: 100 });
    now += 1_000_000_000n;
    expect(await sample(usage)).toEqual({ cpu: 0.05, memory: 6_144n, written: 111n });
  });

  it('finds a child that was waited for in its parent', async () => {
    const usage = await started();
    put(20, { ticks: 10 });
    put(21, { parent: 20, ticks: 50, written: 5 });
    await sample(usage);
    end(21);
    put(20, { ticks: 10, childTicks: 80, written: 9 });
    expect(await sample(usage)).toMatchObject({ cpu: 0.3, written: 9n });
  });

  it('keeps the last numbers of an orphan', async () => {
    const usage = await started();
    put(20, { ticks: 10, written: 1 });
    put(21, { parent: 1, ticks: 50, written: 5 });
    await sample(usage);
    end(21);
    put(20, { ticks: 20, written: 2 });
    expect(await sample(usage)).toMatchObject({ cpu: 0.1, written: 7n });
  });

  it('knows the CPU time of a command that has ended from the process that waited for it', async () => {
    const usage = await started();
    put(20, { ticks: 10, kib: 4, written: 1 });
    put(21, { parent: 20, ticks: 5, written: 2 });
    await sample(usage);
    end(20);
    end(21);
    put(PARENT, { session: PARENT, childTicks: 540 });
    expect(await sample(usage)).toEqual({ cpu: 0.25, memory: 4_096n, written: 3n });
    expect(await sample(usage)).toEqual({ cpu: 0, memory: 4_096n, written: 3n });
  });

  it('knows the CPU time of a command that it never saw', async () => {
    const usage = await started();
    put(PARENT, { session: PARENT, childTicks: 520 });
    expect(await sample(usage)).toMatchObject({ cpu: 0.2, memory: 0n });
  });

  it('gives the CPU time of what was only looked at to the next sample', async () => {
    const usage = await started();
    put(20, { ticks: 10, kib: 4, written: 3 });
    await usage.look(SESSION);
    end(20);
    put(PARENT, { session: PARENT, childTicks: 540 });
    await usage.look(SESSION);
    expect(await sample(usage)).toEqual({ cpu: 0.4, memory: 4_096n, written: 3n });
  });

  it('takes a process id that was used again for another process', async () => {
    const usage = await started();
    put(20, { ticks: 10 });
    put(21, { parent: 1, ticks: 50, startTime: 1, written: 5 });
    await sample(usage);
    put(21, { parent: 1, ticks: 7, startTime: 2, written: 1 });
    expect(await sample(usage)).toMatchObject({ cpu: 0.07, written: 6n });
  });

  it('never shrinks', async () => {
    const usage = await started();
    put(20, { ticks: 100, written: 10 });
    await sample(usage);
    put(20, { ticks: 40, written: 4 });
    expect(await sample(usage)).toMatchObject({ cpu: 0, written: 10n });
    put(20, { ticks: 120, written: 12 });
    expect(await sample(usage)).toMatchObject({ cpu: 0.2, written: 12n });
  });

  it('leaves out what it may not read', async () => {
    const usage = await started();
    put(20, { ticks: 50, kib: 10 });
    rmSync(join(procRoot, '20/io'));
    mkdirSync(join(procRoot, '21'));
    expect(await sample(usage)).toEqual({ cpu: 0.5, memory: 10_240n, written: 0n });
  });
});
