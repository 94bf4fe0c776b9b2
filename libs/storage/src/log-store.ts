import type {
  EndRecords,
  IdempotentWrites,
  JobCatalog,
  MetricsDeletion,
  Retention,
  StatsSource,
  Supports,
} from './features.js';
import type { LogBatch } from './log-batch.js';
import type { MetricBatch } from './metric-batch.js';
import type { Gap, LogQuery, MetricQuery, ReadOptions } from './query.js';

/**
 * Keeps the log rows and metric rows of jobs. The store numbers the rows of a job from 0 in the order of the calls
 * that brought them: its ordinals, logs and metrics apart, both streams together. Every method rejects with
 * StorageError; a job id that is not valid is INVALID_ARGUMENT before anything is touched.
 */
export interface LogStore
  extends
    AsyncDisposable,
    Partial<JobCatalog & StatsSource & Retention & MetricsDeletion & IdempotentWrites & EndRecords> {
  /** What this store can do; data that callers and the conformance suite read. */
  readonly supports: Supports;

  /**
   * Resolves when every row is durable (as far as `supports.durable` says) and readable. All rows of the batch
   * become readable at once, or none; after a rejection none is there. Calls may overlap: they are stored in the
   * order of the calls. An empty batch stores nothing and makes no job known.
   */
  writeLogs(batch: LogBatch, options?: WriteOptions): Promise<void>;
  /** As `writeLogs`. */
  writeMetrics(batch: MetricBatch, options?: WriteOptions): Promise<void>;

  /**
   * The rows of a job in the order of their ordinals, in batches that carry them, and what is known to be missing.
   * The rows are those that were durable when reading began (the first step). JOB_NOT_FOUND if nothing is known of
   * the job; a job that has only metrics has no logs and is no error. When the job is deleted meanwhile, the read
   * goes on or rejects with JOB_NOT_FOUND; rows of the new start never follow those of the old one. Aborting rejects
   * the pending step, or else the next one, with ABORTED.
   */
  readLogs(query: LogQuery, options?: ReadOptions): AsyncIterable<LogBatch | Gap>;
  /** As `readLogs`. */
  readMetrics(query: MetricQuery, options?: ReadOptions): AsyncIterable<MetricBatch | Gap>;

  /**
   * Removes all that calls before this one brought, for good; rows that come later start at ordinal 0 again.
   * JOB_NOT_FOUND if nothing is known of the job.
   */
  deleteJob(jobId: string): Promise<void>;

  /**
   * Waits for the writes under way, not for readers: reads under way reject with CLOSED, or still give all their rows.
   * Later calls reject with CLOSED. May be called twice.
   */
  close(): Promise<void>;
}

export interface WriteOptions {
  /** Where the batch came from, for stores with `supports.idempotentWrites`; others ignore it. */
  readonly source?: WriteSource;
}

/** Identity of a batch: what a producer sends again after a reconnect has the same. */
export interface WriteSource {
  readonly producer: string;
  /** Grows when the producer loses its memory; a higher epoch starts its frames anew. */
  readonly epoch: bigint;
  /** Grows by at least one with each batch of the epoch, in the order of the calls, logs and metrics together. */
  readonly frame: bigint;
}
