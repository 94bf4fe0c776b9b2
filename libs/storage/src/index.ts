export { LogBatch } from './log-batch.js';
export type { LogRow, NewLogRow } from './log-batch.js';
export { MetricBatch } from './metric-batch.js';
export type { MetricRow, NewMetricRow } from './metric-batch.js';
export { StorageError } from './storage-error.js';
export type { StorageErrorCode } from './storage-error.js';
export { substringFilter } from './filter.js';
export type { RowFilter } from './filter.js';
export type { Gap, LogQuery, MetricQuery, ReadOptions, RowQuery } from './query.js';
export type { LogStore, WriteOptions, WriteSource } from './log-store.js';
export type { LogStoreContext, OpenLogStore, StoreLogger } from './open-log-store.js';
export { hasFeature } from './features.js';
export type {
  CleanupReport,
  CleanupRequest,
  EndRecords,
  Feature,
  FeatureMethods,
  IdempotentWrites,
  JobCatalog,
  JobEnd,
  JobInfo,
  JobListQuery,
  MetricsDeletion,
  Retention,
  RowStats,
  StatsSource,
  StoreStats,
  Supports,
} from './features.js';
export { checkJobId, isJobId } from './job-id.js';

// For those who write a store:
export { LogBatchBuilder } from './log-batch.js';
export { MetricBatchBuilder } from './metric-batch.js';
export type { RowSlot } from './row-collector.js';
export { RowTable } from './row-table.js';
export { selectLogs, selectMetrics } from './select.js';
export { checkLogQuery, checkMetricQuery } from './check-query.js';
export { compareJobs, matchesJobList } from './job-list.js';
export { storeProblems } from './check-store.js';
export * as limits from './limits.js';
