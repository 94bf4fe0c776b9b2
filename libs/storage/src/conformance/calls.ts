import { hasFeature } from '../features.js';
import type { LogStore } from '../log-store.js';
import { readLogs, readMetrics } from './read.js';
import { line, sample, TIME, writeLogs, writeMetrics } from './rows.js';

export interface Call {
  readonly name: string;
  readonly call: () => Promise<unknown>;
}

/** Each method that asks for a job that must be known. */
export function callsForJob(store: LogStore, jobId: string): Call[] {
  const calls: Call[] = [
    { name: 'readLogs', call: () => readLogs(store, { jobId }) },
    { name: 'readLogs, limit 0', call: () => readLogs(store, { jobId, limit: 0 }) },
    { name: 'readLogs, tail 0', call: () => readLogs(store, { jobId, tail: 0 }) },
    { name: 'readLogs, tail 1', call: () => readLogs(store, { jobId, tail: 1 }) },
    { name: 'readMetrics', call: () => readMetrics(store, { jobId }) },
    { name: 'readMetrics, tail 1', call: () => readMetrics(store, { jobId, tail: 1 }) },
    { name: 'deleteJob', call: () => store.deleteJob(jobId) },
  ];
  if (hasFeature(store, 'listJobs')) calls.push({ name: 'getJobInfo', call: () => store.getJobInfo(jobId) });
  if (hasFeature(store, 'deleteMetrics')) {
    calls.push({ name: 'deleteMetrics', call: () => store.deleteMetrics(jobId) });
  }
  return calls;
}

/** Each method, with arguments that are right. */
export function allCalls(store: LogStore, jobId: string): Call[] {
  const calls: Call[] = [
    { name: 'writeLogs', call: () => writeLogs(store, [line('late', { jobId })]) },
    { name: 'writeMetrics', call: () => writeMetrics(store, [sample({ jobId })]) },
    ...callsForJob(store, jobId),
  ];
  if (hasFeature(store, 'listJobs')) {
    calls.push({
      name: 'listJobs',
      call: async () => {
        for await (const job of store.listJobs()) return job;
        return undefined;
      },
    });
  }
  if (hasFeature(store, 'stats')) calls.push({ name: 'stats', call: () => store.stats() });
  if (hasFeature(store, 'retention')) {
    calls.push({ name: 'cleanup', call: () => store.cleanup({ logsBefore: 0n }) });
  }
  if (hasFeature(store, 'idempotentWrites')) {
    calls.push({ name: 'durableSources', call: () => store.durableSources() });
  }
  if (hasFeature(store, 'endRecords')) {
    calls.push({ name: 'endJob', call: () => store.endJob(jobId, { time: TIME }) });
  }
  return calls;
}
