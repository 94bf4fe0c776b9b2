/** Bytes of rows that one write to the store has at the most: bounds how long preparing it holds the event loop. */
export const WRITE_BYTES_MAX = 960 * 1024;

/** Rows of one write at the most, for the same reason: tiny rows cost as much as larger ones. */
export const WRITE_ROWS_MAX = 8_192;

/** Memory of writes that is used again: as many as the default of `queue_mb` lets wait. */
export const SPARE_BUILDERS_MAX = 16;

/** What a row takes in memory besides its bytes; also what makes an empty one count. */
export const ROW_OVERHEAD_BYTES = 64;

/** A failed write is tried again after a random time up to this, doubled each time … */
export const RETRY_DELAY_MS = 100;
/** … and at the most this. */
export const RETRY_DELAY_MAX_MS = 10_000;

/** SIGTERM: how long connections are read on for what the kernel already holds. */
export const DRAIN_CONNECTIONS_MS = 5_000;

/** A stream whose client takes nothing for so long behind the deadline of its query is cut. */
export const STUCK_STREAM_MS = 5_000;

/** SIGTERM: when rows that the store does not take are given up, with a word, before the process is ended without one. */
export const DRAIN_STORING_MS = 9_000;

/** SIGTERM: how long queries under way may go on, once all rows are stored. */
export const DRAIN_QUERIES_MS = 2_000;

/** Largest message of the query API, each way. */
export const MESSAGE_BYTES_MAX = 128 * 1024 * 1024;

/** Jobs on one page of ListJobs when the request names no limit, and at the most. */
export const LIST_JOBS_DEFAULT = 1_000;
export const LIST_JOBS_MAX = 10_000;

/** Steps that one aggregation may have: each is held in memory until the last sample is read. */
export const AGGREGATION_STEPS_MAX = 100_000;

/** Samples that one percentile aggregation may read: it has to hold all values. */
export const PERCENTILE_SAMPLES_MAX = 1_000_000;

/** Log lines of one kind of trouble (an undecodable frame, a failed write): one in this time, with a count. */
export const LOG_INTERVAL_MS = 10_000;

/** How long a query waits for what had arrived before it to be stored; then it answers with what is. */
export const SETTLE_MS = 10_000;

/** The same while writes fail: soon over if the trouble is. */
export const SETTLE_FAILING_MS = 1_000;

/** A write that takes longer makes persist `degraded`: the store has not failed, but nothing goes on. */
export const WRITE_STUCK_MS = 10_000;

/** SIGTERM: how long the store may take to close before its signal is aborted. */
export const CLOSE_STORE_MS = 3_000;

/** Deletions that wait behind rows that are not stored yet; more are refused. */
export const DELETIONS_MAX = 1_000;

/** Job ids that are remembered as strings, a power of two: a few MiB at the most, and more than live jobs mostly are. */
export const JOB_IDS_REMEMBERED = 16_384;

/** Jobs that one line of the log names; there may be tens of thousands. */
export const JOBS_NAMED_MAX = 10;

/** How often the line that tells how far a command is changes. */
export const PROGRESS_INTERVAL_MS = 100;

/** Of `persist.writer.block_kb` a block is filled so far: how much text its rows are is estimated until they are compressed. */
export const BLOCK_FILL = 15 / 16;

/** How long /health tells of a part of the write-ahead log that failed, although writes succeed again. */
export const SEGMENT_FAILED_MS = 60_000;

/** SIGTERM: how long a removal of expired rows under way is waited for; it is carried through at the next start. */
export const DRAIN_RETENTION_MS = 500;
