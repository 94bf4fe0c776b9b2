/** Size at which a segment is full and the next one begins; one record may be larger. */
export const SEGMENT_BYTES = 64 * 1024 * 1024;

/** Segments that were trimmed and wait to be written again: as many as are trimmed at once, about. */
export const SPARES_MAX = 2;

/** Bytes that one write has at the most, beside a single larger record: above 1 MiB, write and sync stop getting faster. */
export const WRITE_BYTES_MAX = 1024 * 1024;

/** Buffers of one write: IOV_MAX of Linux and macOS. */
export const WRITE_BUFFERS_MAX = 1024;

/** Bytes that may wait for their write; more are refused. */
export const PENDING_BYTES_MAX = 256 * 1024 * 1024;

/** Largest record: its length has 32 bits, and it is read into one buffer. */
export const RECORD_BYTES_MAX = 1024 * 1024 * 1024;

/** Bytes that are read at once. */
export const READ_BYTES = 1024 * 1024;

/** How often `sync: 'interval'` syncs unless it is told. */
export const SYNC_INTERVAL_MS = 1_000;

/** Folder and files are for the owner only: a log holds whatever it was given. */
export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;
