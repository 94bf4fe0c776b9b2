import type { WriteSource } from '@joblet/storage';
import { COMMIT_BYTES_MAX } from '../limits.js';
import type { JobTable } from './job-table.js';
import { entryPosition, type AreaName, type LogEntry } from './log-entry.js';

/** Something that changes the store: first planned, then durable in the log, then done. */
export interface Change {
  /** About what it takes in the log. */
  readonly bytes: number;
  /** What the log is to say; nothing: there is nothing to do. Rejects when it cannot be done, which concerns no other. */
  plan(group: PlannedGroup): Promise<readonly LogEntry[]>;
  /** In one turn, in the order of the calls, when the log has it: the record's position, and that of the first entry. */
  apply(position: bigint, entryPosition: bigint): void;
}

interface Queued extends Change {
  resolve(): void;
  reject(error: unknown): void;
}

/** What is planned for a job; absent: nothing. */
interface PlannedJob {
  isThere?: boolean;
  hasEnd?: boolean;
  /** Next ordinals. */
  logs?: bigint;
  metrics?: bigint;
}

/** What is planned and not yet done, on top of the table. */
export class PlannedGroup {
  private readonly table: JobTable;
  private readonly jobs = new Map<string, PlannedJob>();
  private readonly sources = new Map<string, WriteSource>();

  constructor(table: JobTable) {
    this.table = table;
  }

  /** Rows that come behind all that is planned; the first of them gets this ordinal. */
  addRows(name: AreaName, jobId: string, rows: number): bigint {
    const job = this.job(jobId);
    const first = job[name] ?? this.table.jobs.get(jobId)?.[name]?.nextOrdinal ?? 0n;
    job[name] = first + BigInt(rows);
    job.isThere = true;
    job.hasEnd = false;
    return first;
  }

  nextOrdinal(name: AreaName, jobId: string): bigint {
    return this.jobs.get(jobId)?.[name] ?? this.table.jobs.get(jobId)?.[name]?.nextOrdinal ?? 0n;
  }

  setNextOrdinal(name: AreaName, jobId: string, ordinal: bigint): void {
    this.job(jobId)[name] = ordinal;
  }

  /** Undefined: nothing is planned. */
  isPlanned(jobId: string): boolean | undefined {
    return this.jobs.get(jobId)?.isThere;
  }

  setPlanned(jobId: string, isThere: boolean): void {
    this.job(jobId).isThere = isThere;
  }

  /** Undefined: nothing is planned. */
  hasEnd(jobId: string): boolean | undefined {
    return this.jobs.get(jobId)?.hasEnd;
  }

  setEnd(jobId: string, hasEnd: boolean): void {
    this.job(jobId).hasEnd = hasEnd;
  }

  /** Whether it has rows then, as far as is planned. */
  hasRows(name: AreaName, jobId: string): boolean | undefined {
    const planned = this.jobs.get(jobId)?.[name];
    return planned === undefined ? undefined : planned > 0n;
  }

  /** False when what the producer sends has been stored, or is about to be. */
  take(source: WriteSource): boolean {
    const last = this.sources.get(source.producer);
    const isOld =
      last !== undefined &&
      (source.epoch < last.epoch || (source.epoch === last.epoch && source.frame <= last.frame));
    if (isOld || this.table.isStored(source)) return false;
    this.sources.set(source.producer, source);
    return true;
  }

  private job(jobId: string): PlannedJob {
    let job = this.jobs.get(jobId);
    if (!job) this.jobs.set(jobId, (job = {}));
    return job;
  }
}

/**
 * Changes, one group after the other: what is asked for while one is written is the next, and one record of the log. A failure
 * refuses all of the group, so that ordinals have no holes.
 */
export class CommitQueue {
  private readonly table: JobTable;
  private readonly append: (entries: readonly LogEntry[]) => Promise<bigint>;
  private readonly onApplied: () => void;
  private queue: Queued[] = [];
  private running: Promise<void> | undefined;

  /** `append` resolves to the record's position; `onApplied` is called in the turn in which a group was. */
  constructor(
    table: JobTable,
    append: (entries: readonly LogEntry[]) => Promise<bigint>,
    onApplied: () => void,
  ) {
    this.table = table;
    this.append = append;
    this.onApplied = onApplied;
  }

  add(change: Change): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({
        bytes: change.bytes,
        plan: (group) => change.plan(group),
        apply: (position, entryPosition) => change.apply(position, entryPosition),
        resolve,
        reject,
      });
      this.running ??= this.run();
    });
  }

  /** Resolves when all that was added is done. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // What is asked for in the same turn goes into the same record.
    await Promise.resolve();
    while (this.queue.length > 0) await this.commit(this.take());
    this.running = undefined;
  }

  private take(): Queued[] {
    let bytes = this.queue[0].bytes;
    let count = 1;
    while (count < this.queue.length && bytes + this.queue[count].bytes <= COMMIT_BYTES_MAX)
      bytes += this.queue[count++].bytes;
    return this.queue.splice(0, count);
  }

  private async commit(changes: readonly Queued[]): Promise<void> {
    const group = new PlannedGroup(this.table);
    const entries: LogEntry[] = [];
    const planned: { change: Queued; firstEntry: number }[] = [];
    for (const change of changes) {
      try {
        const own = await change.plan(group);
        planned.push({ change, firstEntry: entries.length });
        entries.push(...own);
      } catch (error) {
        change.reject(error);
      }
    }
    try {
      const position = entries.length > 0 ? await this.append(entries) : 0n;
      for (const { change, firstEntry } of planned)
        change.apply(position, entryPosition(position, firstEntry));
      this.onApplied();
    } catch (error) {
      for (const { change } of planned) change.reject(error);
      return;
    }
    for (const { change } of planned) change.resolve();
  }
}
