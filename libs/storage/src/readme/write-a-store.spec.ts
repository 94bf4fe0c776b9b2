import { describe, it } from '@jest/globals'; // or from vitest, node:test, or mocha's own
import { checkJobId, selectLogs, selectMetrics, StorageError } from '../index.js';
import type { LogBatch, LogQuery, LogStore, MetricBatch, MetricQuery, ReadOptions } from '../index.js';
import { logStoreConformance } from '../conformance.js';

const NO_FEATURES = { listJobs: false, stats: false, retention: false, deleteMetrics: false };
const SUPPORTS = { durable: false, ...NO_FEATURES, idempotentWrites: false, endRecords: false };

class SmallStore implements LogStore {
  readonly supports = SUPPORTS;
  private readonly jobs = new Map<string, { logs: LogBatch[]; metrics: MetricBatch[] }>();
  private closed = false;

  async writeLogs(batch: LogBatch) {
    for (const [jobId, rows] of batch.byJob()) {
      const job = this.find(jobId) ?? this.start(jobId);
      job.logs = [...job.logs, rows.numbered(rowCount(job.logs))];
    }
  }

  async writeMetrics(batch: MetricBatch) {
    for (const [jobId, rows] of batch.byJob()) {
      const job = this.find(jobId) ?? this.start(jobId);
      job.metrics = [...job.metrics, rows.numbered(rowCount(job.metrics))];
    }
  }

  readLogs(query: LogQuery, options?: ReadOptions) {
    let rows: LogBatch[] | undefined; // those that are there when reading begins
    return selectLogs(query, () => (rows ??= this.get(query.jobId).logs), options);
  }

  readMetrics(query: MetricQuery, options?: ReadOptions) {
    let rows: MetricBatch[] | undefined;
    return selectMetrics(query, () => (rows ??= this.get(query.jobId).metrics), options);
  }

  async deleteJob(jobId: string) {
    this.get(jobId);
    this.jobs.delete(jobId);
  }

  async close() {
    this.closed = true;
  }

  async [Symbol.asyncDispose]() {
    await this.close();
  }

  private find(jobId: string) {
    if (this.closed) throw StorageError.closed();
    checkJobId(jobId);
    return this.jobs.get(jobId);
  }

  private get(jobId: string) {
    const job = this.find(jobId);
    if (job === undefined) throw StorageError.jobNotFound(jobId);
    return job;
  }

  private start(jobId: string) {
    const job = { logs: [], metrics: [] };
    this.jobs.set(jobId, job);
    return job;
  }
}

function rowCount(batches: { length: number }[]): bigint {
  return BigInt(batches.reduce((sum, { length }) => sum + length, 0));
}

logStoreConformance({
  test: { describe, it },
  create: async () => ({ store: new SmallStore(), dispose: async () => undefined }),
  supports: SUPPORTS,
});
