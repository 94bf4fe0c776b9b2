import { StorageError } from './storage-error.js';
import { checkJobId } from './job-id.js';
import type { LogQuery, RowQuery } from './query.js';

/** Throws INVALID_ARGUMENT naming the field that is wrong. */
export function checkMetricQuery(query: RowQuery): void {
  checkJobId(query.jobId);
  checkCount('limit', query.limit);
  checkCount('offset', query.offset);
  checkCount('tail', query.tail);
  if (query.tail !== undefined && (query.limit !== undefined || query.offset !== undefined)) {
    throw invalid('tail', 'comes with limit or offset; expected one or the other');
  }
  if (query.startTime !== undefined && query.endTime !== undefined && query.startTime > query.endTime) {
    throw invalid('start_time', `is ${query.startTime}, behind end_time ${query.endTime}`);
  }
}

/** Throws INVALID_ARGUMENT naming the field that is wrong. */
export function checkLogQuery(query: LogQuery): void {
  checkMetricQuery(query);
  if (query.stream !== undefined && ![0, 1, 2].includes(query.stream)) {
    throw invalid('stream', `is ${query.stream}; expected 0 (both), 1 (stdout) or 2 (stderr)`);
  }
}

function checkCount(field: string, value: number | undefined): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return;
  throw invalid(field, `is ${value}; expected a whole number from 0 on`);
}

function invalid(field: string, problem: string): StorageError {
  return new StorageError('INVALID_ARGUMENT', `${field} ${problem}`);
}
