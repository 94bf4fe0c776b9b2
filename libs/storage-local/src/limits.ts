/** Text of one gzip member at the most, unless a single row is longer: a reader inflates whole members. */
export const MEMBER_TEXT_BYTES_MAX = 256 * 1024;

/** Rows of one member at the most, so that its ordinals always fit the 64 KiB of an FEXTRA field (RFC 1952). */
export const MEMBER_ROWS_MAX = 4_096;

/** A member that inflates to more is reported as damaged; ours do not: a row is at most 128 MiB, six times that escaped. */
export const INFLATED_BYTES_MAX = 1024 * 1024 * 1024;

/** What a read takes from a file at least; also the first try at a member of unknown length. */
export const READ_AHEAD_BYTES = 256 * 1024;

/** How far into a candidate for a header the search for its first row goes, step by step. */
export const CANDIDATE_READ_BYTES = [512, 16 * 1024, 512 * 1024] as const;

/** A run of zeros that compressed data does not have (a page that was never written, or was lost). */
export const ZERO_RUN_BYTES = 32;

/** Files that one write compresses, appends to and syncs at the same time: libuv has 4 threads for it. */
export const FILES_AT_ONCE = 8;

/** Next ordinals that are remembered (two for each job); others are read from their files again. */
export const ORDINALS_REMEMBERED_MAX = 40_000;

/** zlib's level: 3 compresses real logs 20 % worse than 6 at more than twice the speed. */
export const COMPRESSION_LEVEL_DEFAULT = 3;

/** Rows decoded without a break: about 2 ms, so that a huge member does not hold up the event loop. */
export const ROWS_DECODED_AT_ONCE = 1_000;

/** `sun_path` without its NUL, of the system that has the least (macOS). */
export const SOCKET_PATH_BYTES_MAX = 103;

/** Pause before an owner that does not answer is asked again: far longer than from bind to listen. */
export const OWNER_PROBE_PAUSE_MS = 50;

/** How long an owner may take to tell its process id; it owns the directory either way. */
export const OWNER_ANSWER_MS = 1_000;

/** Pause at the most before one of several that want to own a directory at the same time tries again. */
export const OWNER_RETRY_MAX_MS = 100;

/** Bytes in which the intent file grows: never given back, so that a delete can be announced on a full disk. */
export const INTENT_BLOCK_BYTES = 4_096;

/** Jobs whose rows are prepared for writing before others get a turn: a few milliseconds. */
export const JOBS_DRAFTED_AT_ONCE = 256;
