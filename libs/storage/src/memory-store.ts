import type {
  CleanupReport,
  CleanupRequest,
  EndRecords,
  IdempotentWrites,
  JobCatalog,
  JobEnd,
  JobInfo,
  JobListQuery,
  MetricsDeletion,
  Retention,
  StatsSource,
  StoreStats,
  Supports,
} from './features.js';
import { checkJobId } from './job-id.js';
import { compareJobs, matchesJobList } from './job-list.js';
import { BATCH_BYTES_MAX, BATCH_ROWS_MAX } from './limits.js';
import { LogBatchBuilder, type LogBatch } from './log-batch.js';
import type { LogStore, WriteOptions, WriteSource } from './log-store.js';
import {
  appendRow,
  emptyJob,
  isEmpty,
  jobInfo,
  lastSign,
  noRows,
  type StoredJob,
  type StoredRow,
} from './memory-job.js';
import { MetricBatchBuilder, type MetricBatch } from './metric-batch.js';
import type { Gap, LogQuery, MetricQuery, ReadOptions } from './query.js';
import type { RowCollector } from './row-collector.js';
import { selectLogs, selectMetrics } from './select.js';
import { StorageError } from './storage-error.js';

export interface MemoryStoreOptions {
  /** The time of arrival, for `cleanup`: Unix nanoseconds. Default: the system's clock. */
  readonly now?: () => bigint;
}

/** A log store with every feature. */
export type MemoryStore = LogStore &
  JobCatalog &
  StatsSource &
  Retention &
  MetricsDeletion &
  IdempotentWrites &
  EndRecords;

/**
 * A log store in the memory of this process, without bounds; nothing survives it. It is also the model that other
 * stores are compared with, so it is written to be plainly right: an array of rows for each job and kind.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): MemoryStore {
  return new ArraysStore(options.now ?? (() => BigInt(Date.now()) * 1_000_000n));
}

type Kind = 'logs' | 'metrics';

/** Each change is made within one turn, so that no reader sees half of it. A job without anything is not kept. */
class ArraysStore implements MemoryStore {
  readonly supports: Supports = {
    durable: false,
    listJobs: true,
    stats: true,
    retention: true,
    deleteMetrics: true,
    idempotentWrites: true,
    endRecords: true,
  };
  private readonly now: () => bigint;
  private readonly jobs = new Map<string, StoredJob>();
  private readonly sources = new Map<string, WriteSource>();
  private closed = false;

  constructor(now: () => bigint) {
    this.now = now;
  }

  async writeLogs(batch: LogBatch, options?: WriteOptions): Promise<void> {
    this.write('logs', batch, options?.source);
  }

  async writeMetrics(batch: MetricBatch, options?: WriteOptions): Promise<void> {
    this.write('metrics', batch, options?.source);
  }

  readLogs(query: LogQuery, options?: ReadOptions): AsyncIterable<LogBatch | Gap> {
    let rows: readonly StoredRow[] | undefined;
    const scan = () => batches(query.jobId, (rows ??= this.rows('logs', query.jobId)), LogBatchBuilder);
    return selectLogs(query, scan, options);
  }

  readMetrics(query: MetricQuery, options?: ReadOptions): AsyncIterable<MetricBatch | Gap> {
    let rows: readonly StoredRow[] | undefined;
    const scan = () => batches(query.jobId, (rows ??= this.rows('metrics', query.jobId)), MetricBatchBuilder);
    return selectMetrics(query, scan, options);
  }

  async deleteJob(jobId: string): Promise<void> {
    this.job(jobId);
    this.jobs.delete(jobId);
  }

  async deleteMetrics(jobId: string): Promise<void> {
    this.job(jobId).metrics = noRows();
    this.forgetIfEmpty(jobId);
  }

  async endJob(jobId: string, end: JobEnd): Promise<void> {
    this.checkOpen();
    this.jobOrNew(jobId).end = { ...end };
  }

  async *listJobs(query: JobListQuery = {}): AsyncGenerator<JobInfo> {
    this.checkOpen();
    const jobs = [...this.jobs].map(([jobId, job]) => jobInfo(jobId, job));
    yield* jobs.filter((job) => matchesJobList(job, query)).sort(compareJobs(query.sort));
  }

  async getJobInfo(jobId: string): Promise<JobInfo> {
    return jobInfo(jobId, this.job(jobId));
  }

  async stats(): Promise<StoreStats> {
    this.checkOpen();
    const stats = { jobs: BigInt(this.jobs.size), logRows: 0n, metricRows: 0n, sizeBytes: 0n };
    for (const [jobId, job] of this.jobs) {
      stats.logRows += BigInt(job.logs.rows.length);
      stats.metricRows += BigInt(job.metrics.rows.length);
      stats.sizeBytes += jobInfo(jobId, job).sizeBytes;
    }
    return stats;
  }

  async cleanup({ logsBefore, metricsBefore, dryRun = false }: CleanupRequest): Promise<CleanupReport> {
    this.checkOpen();
    const before = { logs: logsBefore, metrics: metricsBefore };
    const removed = { logs: 0n, metrics: 0n };
    const losers = new Set<string>();
    for (const [jobId, job] of this.jobs) {
      for (const kind of ['logs', 'metrics'] as const) {
        const limit = before[kind];
        const { rows, nextOrdinal } = job[kind];
        if (limit === undefined || rows.length === 0 || lastSign(job[kind]) >= limit) continue;
        losers.add(jobId);
        removed[kind] += BigInt(rows.length);
        if (!dryRun) job[kind] = noRows(nextOrdinal);
      }
      this.forgetIfEmpty(jobId);
    }
    return { jobs: [...losers], logRows: removed.logs, metricRows: removed.metrics };
  }

  async durableSources(): Promise<readonly WriteSource[]> {
    this.checkOpen();
    return [...this.sources.values()];
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private write(kind: Kind, batch: LogBatch | MetricBatch, source: WriteSource | undefined): void {
    this.checkOpen();
    const arrival = this.now();
    if (source !== undefined) {
      if (this.isStored(source)) return;
      this.sources.set(source.producer, { ...source });
    }
    for (let row = 0; row < batch.length; row++) {
      const job = this.jobOrNew(batch.jobId(row));
      appendRow(job[kind], batch, row);
      job[kind].arrival = arrival;
      job.end = undefined;
    }
  }

  private isStored({ producer, epoch, frame }: WriteSource): boolean {
    const last = this.sources.get(producer);
    return last !== undefined && (epoch < last.epoch || (epoch === last.epoch && frame <= last.frame));
  }

  /** What is stored now, whatever happens to the job later. */
  private rows(kind: Kind, jobId: string): readonly StoredRow[] {
    return this.job(jobId)[kind].rows.slice();
  }

  private job(jobId: string): StoredJob {
    this.checkOpen();
    checkJobId(jobId);
    const job = this.jobs.get(jobId);
    if (job === undefined) throw StorageError.jobNotFound(jobId);
    return job;
  }

  private jobOrNew(jobId: string): StoredJob {
    checkJobId(jobId);
    let job = this.jobs.get(jobId);
    if (job === undefined) this.jobs.set(jobId, (job = emptyJob()));
    return job;
  }

  private forgetIfEmpty(jobId: string): void {
    const job = this.jobs.get(jobId);
    if (job !== undefined && isEmpty(job)) this.jobs.delete(jobId);
  }

  private checkOpen(): void {
    if (this.closed) throw StorageError.closed();
  }
}

async function* batches<Batch>(
  jobId: string,
  rows: readonly StoredRow[],
  Builder: new () => RowCollector & { build(): Batch },
): AsyncGenerator<Batch> {
  let builder = new Builder();
  for (const { bytes, timestamp, ordinal } of rows) {
    if (builder.length === BATCH_ROWS_MAX || builder.byteLength >= BATCH_BYTES_MAX) {
      yield builder.build();
      builder = new Builder();
    }
    builder.add({ jobId, timestamp, ordinal }, bytes, 0, bytes.length);
  }
  if (builder.length > 0) yield builder.build();
}
