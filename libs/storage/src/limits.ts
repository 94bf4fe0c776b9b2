/** Longest job id in characters, all ASCII: what every file system takes as one name, with room for a suffix. */
export const JOB_ID_LENGTH_MAX = 128;

/** Rows that the shared read wrapper puts into one batch at the most: bounds what an abort has to wait for. */
export const BATCH_ROWS_MAX = 1_000;

/** Bytes that the shared read wrapper puts into one batch at the most; a single larger row is a batch of its own. */
export const BATCH_BYTES_MAX = 1 << 20;

/**
 * Bytes of the largest batch that can be built: eight frames of the write channel's default limit. A larger one
 * would meet Node's own limit of a buffer (4 GiB in Node 20), and the 32-bit positions of the row table, while it grows.
 */
export const BATCH_SIZE_MAX = 1 << 30;
