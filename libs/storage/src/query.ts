import type { RowFilter } from './filter.js';

/** Which rows of one job are wanted, and how many. Conditions are joined by "and"; counts apply after them. */
export interface RowQuery {
  readonly jobId: string;
  /** Unix nanoseconds, inclusive. Absent: unbounded. */
  readonly startTime?: bigint;
  /** Unix nanoseconds, inclusive. Absent: unbounded. */
  readonly endTime?: bigint;
  /** Only rows behind this ordinal: resumes a read. */
  readonly afterOrdinal?: bigint;
  /** At most so many rows. Absent: all. */
  readonly limit?: number;
  /** Skips so many rows first. */
  readonly offset?: number;
  /** The last so many rows that match. Not together with `limit` or `offset`. */
  readonly tail?: number;
}

export interface LogQuery extends RowQuery {
  /** 1 stdout, 2 stderr. Absent or 0: both, by ordinal. Rows with an unknown stream number count as stdout. */
  readonly stream?: number;
  readonly filter?: RowFilter;
}

export type MetricQuery = RowQuery;

export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/**
 * Something that is known to be missing, at its place in the stream of rows. Every gap in the part that the answer
 * covers is reported, whatever the times and the filter asked for. That part begins behind the last row that
 * `afterOrdinal`, `offset` or `tail` leave out, and ends with the last row that `limit` lets through, else with the
 * job: pages of an answer, put together, have each gap.
 */
export interface Gap {
  readonly kind: 'gap';
  /** 0: not known which, or both. Always 0 for metrics. */
  readonly stream: number;
  /** The last ordinal before the gap; -1n: the gap is before the first row. */
  readonly afterOrdinal: bigint;
  /** Absent: not known. */
  readonly rows?: bigint;
  readonly bytes?: bigint;
  /** For a person: what happened, and where. */
  readonly reason: string;
}
