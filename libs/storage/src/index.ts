export { LogBatch, MetricBatch } from './batch.js';
export type { LogRow, MetricRow, NewLogRow, NewMetricRow } from './batch.js';
export { StorageError } from './storage-error.js';
export type { StorageErrorCode } from './storage-error.js';
export { substringFilter } from './filter.js';
export type { RowFilter } from './filter.js';
export type { Gap, LogQuery, MetricQuery, ReadOptions, RowQuery } from './query.js';
export type { LogStore, WriteOptions, WriteSource } from './log-store.js';
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
export { LogBatchBuilder, MetricBatchBuilder } from './batch-builder.js';
export type { RowSlot } from './batch-builder.js';
export { selectLogs, selectMetrics } from './select.js';
export { checkLogQuery, checkMetricQuery } from './check-query.js';
export { matchesJobList } from './job-list.js';
export * as limits from './limits.js';
