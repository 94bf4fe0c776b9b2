import { readdir, readFile } from 'node:fs/promises';
import type { MetricData } from '@joblet/wire';
import { parseIo, parseResidentBytes, parseStat, type ProcIo } from './proc-files.js';
import type { UsageSampler } from './usage-sampler.js';

/** USER_HZ: what Linux shows CPU times in, the same on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

const NO_IO: ProcIo = { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n };

export interface SessionUsageOptions {
  /** Who starts the session's first process, and waits for it. */
  readonly parent: number;
  /** A monotonic clock in nanoseconds. */
  readonly clock: () => bigint;
  readonly procRoot?: string;
}

interface Member {
  readonly parent: number;
  readonly startTime: string;
  /** With the children that it has waited for. */
  readonly ticks: number;
  readonly residentBytes: bigint;
  readonly io: ProcIo;
}

/**
 * Sums what all processes of a session use, from /proc. CPU time and I/O of a process that has ended are in its parent's
 * numbers once the parent has waited for it; of one whose parents are gone too, the last numbers seen are kept. So the
 * sums miss only what an orphan did after it was last seen, and they never shrink. Memory is the sum of the resident
 * memory, where shared pages count once for each process; when none is left, the last sum seen.
 */
export class SessionUsage implements UsageSampler {
  private readonly options: SessionUsageOptions;
  private readonly procRoot: string;
  private members: ReadonlyMap<number, Member> = new Map();
  private exitedTicks = 0;
  private exitedIo = NO_IO;
  private ticks = 0;
  private io = NO_IO;
  private residentBytes = 0n;
  private sampledAt: bigint;
  /** What children of `parent` that ended before the session used. */
  private parentTicksBefore = 0;

  constructor(options: SessionUsageOptions) {
    this.options = options;
    this.procRoot = options.procRoot ?? '/proc';
    this.sampledAt = options.clock();
  }

  async start(): Promise<void> {
    this.parentTicksBefore = await this.readParentTicks();
    this.sampledAt = this.options.clock();
  }

  async look(session: number): Promise<void> {
    const members = await this.readMembers(session);
    this.settleExited(members);
    this.members = members;
    const all = [...members.values()];
    this.io = combine(
      this.io,
      all.reduce((io, member) => combine(io, member.io, add), this.exitedIo),
      larger,
    );
    if (all.length > 0) this.residentBytes = all.reduce((sum, member) => sum + member.residentBytes, 0n);
  }

  async sample(session: number): Promise<MetricData> {
    await this.look(session);
    let ticks = this.exitedTicks + (await this.readParentTicks()) - this.parentTicksBefore;
    for (const member of this.members.values()) ticks += member.ticks;
    const now = this.options.clock();
    const seconds = Number(now - this.sampledAt) / 1e9;
    const usedTicks = Math.max(0, ticks - this.ticks);
    this.sampledAt = now;
    this.ticks += usedTicks;
    return {
      cpuUsage: seconds > 0 ? usedTicks / TICKS_PER_SECOND / seconds : 0,
      memoryUsage: this.residentBytes,
      gpuUsage: 0,
      diskIo: { ...this.io },
    };
  }

  private async readParentTicks(): Promise<number> {
    return (await this.readStat(this.options.parent))?.childTicks ?? 0;
  }

  private async readMembers(session: number): Promise<Map<number, Member>> {
    const members = new Map<number, Member>();
    for (const name of await readdir(this.procRoot)) {
      if (!/^\d+$/.test(name)) continue;
      const stat = await this.readStat(Number(name));
      if (stat?.session !== session) continue;
      const [status = '', io = ''] = await Promise.all([
        this.read(`${name}/status`),
        this.read(`${name}/io`),
      ]);
      members.set(Number(name), {
        parent: stat.parent,
        startTime: stat.startTime,
        ticks: stat.ticks + stat.childTicks,
        residentBytes: parseResidentBytes(status),
        io: parseIo(io),
      });
    }
    return members;
  }

  /** Keeps the numbers of those that are gone and in nobody's numbers. */
  private settleExited(members: ReadonlyMap<number, Member>): void {
    const lives = (pid: number): boolean => members.get(pid)?.startTime === this.members.get(pid)?.startTime;
    for (const [pid, member] of this.members) {
      if (lives(pid)) continue;
      let ancestor = member.parent;
      while (this.members.has(ancestor) && !lives(ancestor))
        ancestor = this.members.get(ancestor)?.parent ?? 0;
      if (this.members.has(ancestor)) continue;
      // Our own I/O is mixed with that of the children that we waited for, but not our CPU time.
      if (ancestor !== this.options.parent) this.exitedTicks += member.ticks;
      this.exitedIo = combine(this.exitedIo, member.io, add);
    }
  }

  private async readStat(pid: number) {
    const text = await this.read(`${pid}/stat`);
    return text === undefined ? undefined : parseStat(text);
  }

  /** Undefined when the process has ended, or is another user's. */
  private async read(path: string): Promise<string | undefined> {
    try {
      return await readFile(`${this.procRoot}/${path}`, 'latin1');
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES' || code === 'EPERM') return undefined;
      throw error;
    }
  }
}

const add = (a: bigint, b: bigint): bigint => a + b;
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function combine(a: ProcIo, b: ProcIo, pick: (a: bigint, b: bigint) => bigint): ProcIo {
  return {
    readBytes: pick(a.readBytes, b.readBytes),
    writeBytes: pick(a.writeBytes, b.writeBytes),
    readOps: pick(a.readOps, b.readOps),
    writeOps: pick(a.writeOps, b.writeOps),
  };
}
