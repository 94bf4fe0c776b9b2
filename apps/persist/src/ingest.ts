import { setImmediate } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { toError } from '@joblet/service';
import {
  LogBatchBuilder,
  MetricBatchBuilder,
  StorageError,
  type LogBatch,
  type LogStore,
  type MetricBatch,
} from '@joblet/storage';
import {
  int64FromHalves,
  normaliseTimestamp,
  type IpcMessageFields,
  type LogLineFields,
  type MetricFields,
} from '@joblet/wire';
import { JobIds, textOf } from './job-ids.js';
import type { Ledger } from './ledger.js';
import {
  DELETIONS_MAX,
  RETRY_DELAY_MAX_MS,
  RETRY_DELAY_MS,
  ROW_OVERHEAD_BYTES,
  SPARE_BUILDERS_MAX,
  WRITE_BYTES_MAX,
  WRITE_ROWS_MAX,
} from './limits.js';

export interface IngestOptions {
  readonly store: LogStore;
  /** Whether the memory of a batch may be used again once it is written. Default: no. */
  readonly copiesBatches?: boolean;
  readonly ledger: Ledger;
  /** Unix nanoseconds. */
  readonly now: () => bigint;
  /** 0 to 1. */
  readonly random: () => number;
  /** Told whenever the bytes that wait for the store change. */
  readonly onPending: (bytes: number) => void;
  readonly onRejectedJobId: (jobId: string) => void;
  /** A write failed and will be tried again. */
  readonly onRetry: (error: Error, attempt: number) => void;
  readonly onWritten: (write: { rows: number; durationMs: number; attempts: number }) => void;
}

/** What waits for its turn at the store: a batch, or something that has to come behind all that arrived before. */
type Work =
  | {
      readonly kind: 'batch';
      readonly batch: LogBatch | MetricBatch;
      readonly bytes: number;
      /** Whose memory the batch has. */
      readonly builder: Builder;
    }
  | { readonly kind: 'task'; run(): Promise<void> };

/** How much there was in all; of one kind all is done in the order in which it came. */
interface Counts {
  logs: number;
  metrics: number;
  tasks: number;
}

/** Resolves when so much has been done. */
interface Settling extends Readonly<Counts> {
  readonly promise: Promise<void>;
  resolve(): void;
}

/**
 * From messages to the store: rows are collected into batches while the write before is under way, and written one
 * batch after the other, each until it succeeds. Holds what `onPending` reports; whoever reads the sockets keeps
 * that within the budget by reading no more.
 */
export class Ingest {
  private readonly options: IngestOptions;
  private logs = new LogBatchBuilder();
  private metrics = new MetricBatchBuilder();
  /** Memory to be used again: the garbage collector runs the more often, the more of it is made. */
  private readonly spares: LogBatchBuilder[] = [];
  private readonly jobIds = new JobIds();
  private readonly queue: Work[] = [];
  private pendingBytes = 0;
  private running = false;
  private readonly added: Counts = { logs: 0, metrics: 0, tasks: 0 };
  private readonly done: Counts = { logs: 0, metrics: 0, tasks: 0 };
  /** By what they wait for, the least first. */
  private settling: Settling[] = [];
  private failedAttempts = 0;
  private lastFailure: Error | undefined;
  private stepStartMs: number | undefined;

  constructor(options: IngestOptions) {
    this.options = options;
  }

  /** Whether the last write failed and is being tried again. */
  get failing(): boolean {
    return this.failedAttempts > 0;
  }

  /** What it failed with; undefined when it did not. */
  get failure(): Error | undefined {
    return this.failing ? this.lastFailure : undefined;
  }

  /** How long the store has been at the write (its failed attempts included) or deletion under way; 0 without one. */
  get busyMs(): number {
    return this.stepStartMs === undefined ? 0 : performance.now() - this.stepStartMs;
  }

  log(bytes: Uint8Array, message: IpcMessageFields, line: LogLineFields): void {
    const jobId = this.jobId(bytes, message);
    if (jobId === undefined) return;
    const { timestampLo, timestampHi } = line;
    const { dataStart, dataEnd } = message;
    // A time of 0 or below is none.
    if ((timestampHi | 0) > 0 || (timestampHi === 0 && timestampLo > 0)) {
      this.logs.addRow(jobId, timestampLo, timestampHi, bytes, dataStart, dataEnd);
    } else {
      this.logs.add({ jobId, timestamp: this.arrival() }, bytes, dataStart, dataEnd);
    }
    this.added.logs++;
    if (isFull(this.logs)) this.sealLogs();
    this.addPending(message.dataEnd - message.dataStart);
  }

  metric(bytes: Uint8Array, message: IpcMessageFields, metric: MetricFields): void {
    const jobId = this.jobId(bytes, message);
    if (jobId === undefined) return;
    const sent = normaliseTimestamp(int64FromHalves(metric.timestampLo, metric.timestampHi));
    const timestamp = sent > 0n ? sent : this.arrival();
    this.metrics.add({ jobId, timestamp }, bytes, message.dataStart, message.dataEnd);
    this.added.metrics++;
    if (isFull(this.metrics)) this.sealMetrics();
    this.addPending(message.dataEnd - message.dataStart);
  }

  /**
   * Deletes what arrived before; resolves or rejects as the store does. While writes fail it does not wait for them: what
   * is stored goes at once, perhaps making room, and what is on its way goes when it has been stored.
   */
  async deleteJob(jobId: string): Promise<void> {
    const { store } = this.options;
    const { failing } = this;
    const waiting = this.added.tasks - this.done.tasks;
    if (waiting >= DELETIONS_MAX)
      throw new StorageError('UNAVAILABLE', `${waiting} deletions wait already; ask again later`);
    const behind = this.behindAll(() => store.deleteJob(jobId));
    if (!failing) return behind;
    // Its outcome interests nobody: a job that has nothing on its way is not found then.
    behind.catch(() => undefined);
    await store.deleteJob(jobId);
  }

  /**
   * Resolves when all rows that were added before are stored, and the deletions that were asked for before are done. Those
   * who wait for the same share one promise.
   */
  settled(): Promise<void> {
    if (this.isDone(this.added)) return Promise.resolve();
    const last = this.settling.at(-1);
    const { logs, metrics, tasks } = this.added;
    if (last?.logs === logs && last.metrics === metrics && last.tasks === tasks) return last.promise;
    let resolve = (): void => undefined;
    const promise = new Promise<void>((done) => (resolve = done));
    this.settling.push({ logs, metrics, tasks, promise, resolve });
    return promise;
  }

  private jobId(bytes: Uint8Array, { jobIdStart, jobIdEnd }: IpcMessageFields): string | undefined {
    this.options.ledger.receive();
    const jobId = this.jobIds.get(bytes, jobIdStart, jobIdEnd);
    if (jobId !== undefined) return jobId;
    this.options.ledger.reject('job_id');
    this.options.onRejectedJobId(textOf(bytes, jobIdStart, jobIdEnd));
    return undefined;
  }

  private arrival(): bigint {
    this.options.ledger.useArrivalTime();
    return this.options.now();
  }

  private addPending(bytes: number): void {
    this.pendingBytes += bytes + ROW_OVERHEAD_BYTES;
    this.options.onPending(this.pendingBytes);
    this.start();
  }

  private isDone({ logs, metrics, tasks }: Readonly<Counts>): boolean {
    const { done } = this;
    return done.logs >= logs && done.metrics >= metrics && done.tasks >= tasks;
  }

  private finish(kind: keyof Counts, count: number): void {
    this.done[kind] += count;
    while (this.settling.length > 0 && this.isDone(this.settling[0])) this.settling.shift()?.resolve();
  }

  private behindAll(task: () => Promise<void>): Promise<void> {
    this.sealLogs();
    this.sealMetrics();
    this.added.tasks++;
    return new Promise((resolve, reject) => {
      this.queue.push({ kind: 'task', run: () => task().then(resolve, reject) });
      this.start();
    });
  }

  private sealLogs(): void {
    if (this.logs.length === 0) return;
    const bytes = sizeOf(this.logs);
    const expected = { rows: this.logs.length, bytes: Math.min(this.logs.capacity, 2 * WRITE_BYTES_MAX) };
    this.queue.push({ kind: 'batch', batch: this.logs.build(), bytes, builder: this.logs });
    this.logs = this.spares.pop() ?? new LogBatchBuilder(expected);
  }

  private sealMetrics(): void {
    if (this.metrics.length === 0) return;
    const bytes = sizeOf(this.metrics);
    const expected = { rows: this.metrics.length, bytes: this.metrics.byteLength };
    this.queue.push({ kind: 'batch', batch: this.metrics.build(), bytes, builder: this.metrics });
    this.metrics = new MetricBatchBuilder(expected);
  }

  /** Its batch is written. */
  private spare(builder: Builder): void {
    if (!this.options.copiesBatches) return;
    if (!(builder instanceof LogBatchBuilder) || builder.capacity > 2 * WRITE_BYTES_MAX) return;
    if (this.spares.length >= SPARE_BUILDERS_MAX) return;
    builder.clear();
    this.spares.push(builder);
  }

  /** Begins to write when this turn of the event loop is over: what it brings goes into the first batch. */
  private start(): void {
    if (this.running) return;
    this.running = true;
    setImmediate(() => void this.run());
  }

  private async run(): Promise<void> {
    for (;;) {
      if (this.queue.length === 0) {
        this.sealLogs();
        this.sealMetrics();
      }
      const work = this.queue.shift();
      if (!work) break;
      this.stepStartMs = performance.now();
      if (work.kind === 'task') {
        await work.run();
        this.finish('tasks', 1);
      } else {
        await this.write(work.batch);
        this.spare(work.builder);
        this.pendingBytes -= work.bytes;
        this.options.onPending(this.pendingBytes);
      }
    }
    this.stepStartMs = undefined;
    this.running = false;
  }

  /** Tries until it succeeds, with full jitter between the attempts. */
  private async write(batch: LogBatch | MetricBatch): Promise<void> {
    const { store, ledger, random } = this.options;
    const startMs = performance.now();
    for (;;) {
      try {
        if (batch.kind === 'logs') await store.writeLogs(batch);
        else await store.writeMetrics(batch);
        break;
      } catch (error) {
        this.lastFailure = toError(error);
        this.options.onRetry(this.lastFailure, ++this.failedAttempts);
        await delay(random() * Math.min(RETRY_DELAY_MAX_MS, RETRY_DELAY_MS * 2 ** this.failedAttempts));
      }
    }
    const attempts = this.failedAttempts + 1;
    this.failedAttempts = 0;
    ledger.store(batch.length);
    this.finish(batch.kind, batch.length);
    this.options.onWritten({ rows: batch.length, durationMs: performance.now() - startMs, attempts });
  }
}

type Builder = LogBatchBuilder | MetricBatchBuilder;

/** Bytes of memory, about. */
function sizeOf(builder: Builder): number {
  return builder.byteLength + builder.length * ROW_OVERHEAD_BYTES;
}

function isFull(builder: Builder): boolean {
  return builder.byteLength >= WRITE_BYTES_MAX || builder.length >= WRITE_ROWS_MAX;
}
