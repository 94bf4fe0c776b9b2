import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { openWal } from './index.js';
import { collect, randomFrom } from './testing/collect.js';
import { FragileDisk } from './testing/fragile-disk.js';

/** Many more by `JOBLET_FUZZ_RUNS=100000 npx jest power-loss`. */
const RUNS = Number(process.env.JOBLET_FUZZ_RUNS ?? 200);
const DIRECTORY = '/wal';

type Fate = 'waiting' | 'acknowledged' | 'refused';

interface Appended {
  readonly number: number;
  readonly payload: Buffer;
  position?: bigint;
  fate: Fate;
  /** An append behind it was acknowledged in the same life of the process. */
  overtaken: boolean;
}

/** A log on a disk that fails and loses power, and all that was ever appended to it. */
class Life {
  appended: Appended[] = [];
  trimmedTo = 0n;
  private readonly random: () => number;
  private ofThisProcess: Appended[] = [];

  constructor(random: () => number) {
    this.random = random;
  }

  /** Runs a process until it stops, or until power is lost in the middle of its work. */
  async run(disk: FragileDisk, steps: number, failureRate: number): Promise<FragileDisk> {
    this.ofThisProcess = [];
    let after:
      | { disk: FragileDisk; fates: Map<Appended, Pick<Appended, 'fate' | 'overtaken'>>; trimmedTo: bigint }
      | undefined;
    const crashAt = Math.floor(this.random() * steps * 6);
    let operations = 0;
    disk.failures = () => {
      if (operations++ === crashAt) after = this.crash(disk);
      return this.random() < failureRate ? (this.random() < 0.5 ? 'EIO' : 'ENOSPC') : undefined;
    };
    const log = await openWal({ directory: DIRECTORY, disk, segmentBytes: () => 3_000 }).catch(
      () => undefined,
    );
    for (let step = 0; log && step < steps; step++) {
      if (this.random() < 0.15) await this.trim(log);
      const count = 1 + Math.floor(this.random() * 5);
      await Promise.all(Array.from({ length: count }, () => this.append(log)));
    }
    // The disk is well again: so is the log, at once.
    disk.failures = () => {
      if (operations++ === crashAt) after = this.crash(disk);
      return undefined;
    };
    if (log) {
      await this.append(log);
      expect(this.appended.at(-1)!.fate).toBe('acknowledged');
    }
    if (this.random() < 0.5) await log?.close().catch(() => undefined);
    disk.failures = () => undefined;
    // Killed, the disk lives on with what it has not written yet.
    const end = after ?? { ...this.crash(disk), ...(this.random() < 0.5 && { disk }) };
    for (const [append, fate] of end.fates) Object.assign(append, fate);
    this.appended = this.appended.filter((append) => end.fates.has(append));
    this.trimmedTo = end.trimmedTo;
    return end.disk;
  }

  /** What everybody knows at this moment, and what the disk will have. */
  private crash(disk: FragileDisk) {
    const fates = new Map(
      this.appended.map((append) => [append, { fate: append.fate, overtaken: append.overtaken }]),
    );
    return { disk: disk.losePower(), fates, trimmedTo: this.trimmedTo };
  }

  private async append(log: Awaited<ReturnType<typeof openWal>>): Promise<void> {
    const number = this.appended.length;
    const size = Math.floor(this.random() ** 3 * 2_500);
    const payload = Buffer.concat([Buffer.from(`${number}:`), Buffer.alloc(size, number)]);
    const append: Appended = { number, payload, fate: 'waiting', overtaken: false };
    this.appended.push(append);
    this.ofThisProcess.push(append);
    try {
      append.position = await log.append([payload.subarray(0, 1), payload.subarray(1)]);
      append.fate = 'acknowledged';
      for (const earlier of this.ofThisProcess) if (earlier.number < number) earlier.overtaken = true;
    } catch {
      append.fate = 'refused';
    }
  }

  private async trim(log: Awaited<ReturnType<typeof openWal>>): Promise<void> {
    const known = this.appended.filter(({ fate }) => fate === 'acknowledged');
    const before = known[Math.floor(this.random() * known.length)]?.position;
    if (before === undefined) return;
    if (before > this.trimmedTo) this.trimmedTo = before;
    await log.trim(before).catch(() => undefined);
  }

  /** What the log must say after a restart. */
  async check(disk: FragileDisk): Promise<void> {
    const log = await openWal({ directory: DIRECTORY, disk });
    const { records, holes } = await collect(log.read());
    // Nobody took a segment away.
    expect(holes.filter(({ reason }) => reason.includes('not there'))).toEqual([]);
    const byPosition = new Map(records.map((record) => [record.position, record]));
    expect(byPosition.size).toBe(records.length);
    expect(records.every((record, index) => index === 0 || record.position >= records[index - 1].end)).toBe(
      true,
    );
    const found = new Set<number>();
    for (const { payload, position } of records) {
      const number = parseInt(payload.toString('latin1'), 10);
      const append = this.appended[number];
      expect(append && payload.equals(append.payload)).toBe(true);
      expect(found.has(number)).toBe(false);
      found.add(number);
      if (append.fate === 'acknowledged') expect(position).toBe(append.position);
      // A refused record is back only if nothing was acknowledged behind it.
      if (append.fate === 'refused') expect(append.overtaken).toBe(false);
      append.fate = 'acknowledged';
      append.position = position;
    }
    // What was trimmed may be back, but not with something missing behind it.
    const oldest = records.at(0)?.position ?? this.trimmedTo;
    const complete = oldest < this.trimmedTo ? oldest : this.trimmedTo;
    for (const { number, fate, position } of this.appended) {
      if (fate !== 'acknowledged' || position! < complete) continue;
      expect(found.has(number)).toBe(true);
      expect(holes.some(({ from, to }) => from <= position! && position! < to)).toBe(false);
    }
    // What was not found now is never found again.
    for (const append of this.appended) if (append.fate !== 'acknowledged') append.overtaken = true;
    for (const append of this.appended) if (append.fate === 'waiting') append.fate = 'refused';
    await log.close();
  }
}

async function live(seed: number, ignored?: FragileDisk['ignoredSync']): Promise<void> {
  const random = randomFrom(seed);
  const life = new Life(random);
  let disk = new FragileDisk(random);
  for (let process = 0; process < 4; process++) {
    disk.ignoredSync = ignored;
    disk = await life.run(disk, 6, random() < 0.5 ? 0 : 0.1);
    await life.check(disk);
  }
}

describe('a log that loses power and whose disk fails', () => {
  it('has every acknowledged record, in order, once, and none that was refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), (seed) => live(seed)),
      { numRuns: RUNS },
    );
  });

  it.each(['sync', 'syncDirectory'] as const)('would not without %s', async (ignored) => {
    const broken = async (): Promise<void> => {
      for (let seed = 0; seed < 200; seed++) await live(seed, ignored);
    };
    await expect(broken()).rejects.toThrow();
  });
});
