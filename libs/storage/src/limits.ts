/** Longest job id in bytes: what every file system takes as one name, with room for a suffix. */
export const JOB_ID_BYTES_MAX = 128;

/** Rows that the shared read wrapper puts into one batch at the most: bounds what an abort has to wait for. */
export const BATCH_ROWS_MAX = 1_000;

/** Bytes after which the shared read wrapper ends a batch; a single larger row is a batch of its own. */
export const BATCH_BYTES_MAX = 1 << 20;

/** Jobs on one page of a listing when the caller names no limit. */
export const LIST_JOBS_DEFAULT = 1_000;
