/** Text of one gzip member at the most, unless a single row is longer: a reader inflates whole members. */
export const MEMBER_TEXT_BYTES_MAX = 256 * 1024;

/** Rows of one member at the most, so that its ordinals always fit the 64 KiB of an FEXTRA field (RFC 1952). */
export const MEMBER_ROWS_MAX = 4_096;

/** Text of a member that is inflated in one go; of a larger one, pieces are held: the older Go generation has one for all. */
export const WHOLE_TEXT_BYTES_MAX = 32 * 1024 * 1024;

/** Text that a large member is inflated to in one step: less than a millisecond. */
export const TEXT_PIECE_BYTES = 128 * 1024;

/** A line that is longer is no row: one has 128 MiB of content at the most, six times that when all is escaped. */
export const ROW_TEXT_BYTES_MAX = 1024 * 1024 * 1024;

/** What a read takes from a file at least; also the last try to inflate a member of unknown length in one go. */
export const READ_AHEAD_BYTES = 256 * 1024;

/** With so much in memory, inflating a member of unknown length is tried before more is read: most are smaller. */
export const MEMBER_TRY_BYTES = 16 * 1024;

/** How far into a candidate for a header the search for its first row goes, step by step. */
export const CANDIDATE_READ_BYTES = [512, 16 * 1024, 512 * 1024] as const;

/** Text of such a candidate that is looked at: a few bytes may stand for a thousand times as many. */
export const CANDIDATE_TEXT_BYTES_MAX = 1024 * 1024;

/**
 * A run of zeros that compressed output does not have: a page that was never written, or was lost. One byte of zeros
 * may stand for 1 KiB of text that repeats itself, and the daemon's chunks have 43 KiB at the most.
 */
export const ZERO_RUN_BYTES = 64;

/** What a disk loses at once, at the least. */
export const SECTOR_BYTES = 512;

/** Zeros at the end of what is left of a member: the file was made longer, the data never came. */
export const ZERO_TAIL_BYTES = 8;

/** Zeros that are tried as a continuation of a deflate stream, to see whether it has ended: more than any code needs. */
export const ZEROS_TRIED_BYTES = 64;

/** Members that claim the same ordinals and are read side by side, each in memory; what is beyond is left out. */
export const LANES_MAX = 8;

/** The highest that a header may name: no job gets so far, and the rows behind it still have ordinals of 64 bits. */
export const ORDINAL_MAX = 2n ** 63n - 1n;

/** Losses that are held until a row follows on them, a few hundred bytes each; more become one with the last. */
export const PROBLEMS_HELD_MAX = 4_096;

/** Losses that one gap names, of those whose rows cannot be told apart. */
export const REASONS_NAMED_MAX = 8;

/** Files that one write compresses, appends to and syncs at the same time: libuv has 4 threads for it. */
export const FILES_AT_ONCE = 8;

/** Next ordinals that are remembered (two for each job); others are read from their files again. */
export const ORDINALS_REMEMBERED_MAX = 40_000;

/** zlib's level: 3 compresses real logs 20 % worse than 6 at more than twice the speed. */
export const COMPRESSION_LEVEL_DEFAULT = 3;

/** Rows decoded without a break: about 2 ms, so that a huge member does not hold up the event loop. */
export const ROWS_DECODED_AT_ONCE = 1_000;

/** Text decoded without a break, unless a single row is longer; a few milliseconds. */
export const TEXT_DECODED_AT_ONCE_BYTES = 1024 * 1024;

/** Members or parts of a file looked at without a break: each takes some microseconds. */
export const STEPS_AT_ONCE = 64;

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
