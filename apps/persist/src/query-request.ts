import { Code, ConnectError } from '@connectrpc/connect';
import type { ListJobsRequest, QueryLogsRequest, QueryMetricsRequest } from '@joblet/proto/persist';
import { JobSort } from '@joblet/proto/persist';
import {
  checkJobId,
  substringFilter,
  type JobListQuery,
  type LogQuery,
  type RowQuery,
} from '@joblet/storage';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** The query that a request asks for. Throws ConnectError INVALID_ARGUMENT naming the field that is wrong. */
export function logQuery(request: QueryLogsRequest): LogQuery {
  if (request.query !== '') throw invalid('query', 'is set; the query language is not built yet, use filter');
  const query: Mutable<LogQuery> = rowQuery(request);
  if (request.stream !== 0) query.stream = request.stream;
  if (request.filter !== '') query.filter = substringFilter(request.filter);
  return query;
}

export function metricQuery(request: QueryMetricsRequest): RowQuery {
  return rowQuery(request);
}

export function jobListQuery(request: ListJobsRequest): JobListQuery {
  const query: Mutable<JobListQuery> = timeRange(request);
  if (request.prefix !== '') query.prefix = request.prefix;
  if (request.sort === JobSort.NEWEST) query.sort = 'newest';
  else if (request.sort !== JobSort.UNSPECIFIED) throw invalid('sort', `is ${request.sort}; expected 0 or 1`);
  return query;
}

function rowQuery(request: QueryLogsRequest | QueryMetricsRequest): Mutable<RowQuery> {
  const { jobId, limit, offset, tail, afterOrdinal } = request;
  checkJobId(jobId);
  if (offset < 0) throw invalid('offset', `is ${offset}; expected 0 or more`);
  if (tail < 0) throw invalid('tail', `is ${tail}; expected 0 or more`);
  const query: Mutable<RowQuery> = { jobId, ...timeRange(request) };
  if (limit > 0) query.limit = limit;
  if (offset > 0) query.offset = offset;
  if (tail > 0) query.tail = tail;
  if (afterOrdinal !== undefined) query.afterOrdinal = afterOrdinal;
  return query;
}

function timeRange({ startTime, endTime }: { startTime: bigint; endTime: bigint }) {
  if (startTime < 0n)
    throw invalid('start_time', `is ${startTime}; expected Unix nanoseconds, or 0 for no bound`);
  if (endTime < 0n) throw invalid('end_time', `is ${endTime}; expected Unix nanoseconds, or 0 for no bound`);
  return { ...(startTime > 0n && { startTime }), ...(endTime > 0n && { endTime }) };
}

export function invalid(field: string, problem: string): ConnectError {
  return new ConnectError(`${field} ${problem}`, Code.InvalidArgument);
}
