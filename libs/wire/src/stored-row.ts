import type { LogLine, Metric } from './messages.js';

/** What is known to be missing from a job's rows. */
export interface StoredGap {
  stream?: number;
  /** The gap lies behind the row with this ordinal. */
  afterOrdinal?: bigint;
  rows?: bigint;
  bytes?: bigint;
  reason: string;
}

export interface StoredLogRow extends LogLine {
  /** The store's number of the row within the job. */
  ordinal?: bigint;
  /** The row tells of a gap and has no content. */
  gap?: StoredGap;
}

export interface StoredMetricRow extends Metric {
  /** The store's number of the row within the job. */
  ordinal?: bigint;
  /** The row tells of a gap and has no data. */
  gap?: StoredGap;
}
