import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ListJobsRequestSchema,
  QueryLogsRequestSchema,
  QueryMetricsRequestSchema,
} from '@joblet/proto/persist';
import { JobSort } from '@joblet/proto/persist';
import type { JobListQuery } from '@joblet/storage';
import { ClientError } from './client-error.js';

/** Which rows of one job. Conditions are joined by "and"; counts apply after them. */
interface JobQuery {
  readonly jobId: string;
  /** Unix nanoseconds, inclusive. Absent or 0n: unbounded. */
  readonly startTime?: bigint;
  /** Unix nanoseconds, inclusive. Absent or 0n: unbounded. */
  readonly endTime?: bigint;
  /** At most so many rows. Absent or 0: all. */
  readonly limit?: number;
  /** Skips so many rows first. */
  readonly offset?: number;
  /** The last so many rows that match. Not together with `limit` or `offset`. */
  readonly tail?: number;
  /** Only rows that this node stored. */
  readonly nodeId?: string;
  /** Only rows behind this ordinal: resumes a read. */
  readonly afterOrdinal?: bigint;
}

export interface LogsQuery extends JobQuery {
  /** 1 stdout, 2 stderr. Absent or 0: both, in the order of arrival. */
  readonly stream?: number;
  /** Only rows whose content has this text somewhere, case-sensitive. */
  readonly filter?: string;
  /** The query language, where the service has it. */
  readonly query?: string;
}

export interface MetricsQuery extends JobQuery {
  /** One value for each step instead of the samples. */
  readonly aggregation?: 'avg' | 'min' | 'max' | 'sum' | 'count' | 'p50' | 'p95' | 'p99';
  /** Nanoseconds. Absent or 0n: one value for the whole range. */
  readonly step?: bigint;
}

export interface JobsQuery extends JobListQuery {
  /** At most so many jobs. Absent or 0: all. */
  readonly limit?: number;
}

export function logsRequest(query: LogsQuery): MessageInitShape<typeof QueryLogsRequestSchema> {
  checkNumbers(query);
  return query;
}

export function metricsRequest(query: MetricsQuery): MessageInitShape<typeof QueryMetricsRequestSchema> {
  checkNumbers(query);
  return query;
}

/** One page; `limit` is the page's. */
export function jobsRequest(query: JobsQuery): MessageInitShape<typeof ListJobsRequestSchema> {
  checkNumbers(query);
  return { ...query, sort: query.sort === 'newest' ? JobSort.NEWEST : JobSort.UNSPECIFIED };
}

const RANGES: Readonly<Record<string, readonly [min: number | bigint, max: number | bigint]>> = {
  stream: [0, 2 ** 31 - 1],
  limit: [0, 2 ** 31 - 1],
  offset: [0, 2 ** 31 - 1],
  tail: [0, 2 ** 31 - 1],
  startTime: [0n, 2n ** 63n - 1n],
  endTime: [0n, 2n ** 63n - 1n],
  step: [0n, 2n ** 63n - 1n],
  afterOrdinal: [0n, 2n ** 64n - 1n],
};

/** What does not fit into its field would fail while it is serialised, with a message about protobuf. */
function checkNumbers(query: object): void {
  for (const [name, value] of Object.entries(query)) {
    if (!(name in RANGES) || value === undefined) continue;
    const [min, max] = RANGES[name];
    const whole = typeof value === typeof min && (typeof value === 'bigint' || Number.isInteger(value));
    if (whole && value >= min && value <= max) continue;
    throw new ClientError(
      'INVALID_ARGUMENT',
      `${name} is ${String(value)}; expected a whole ${typeof min} from ${min} to ${max}`,
    );
  }
}
