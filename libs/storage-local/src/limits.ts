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

/** From this size on, a start asks a file's index where its last blocks begin: going over fewer headers is sooner done. */
export const INDEXED_START_BYTES = 1024 * 1024;

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

/** Bytes of content for each byte of a block's substring filter before it is compressed. */
export const FILTER_CONTENT_RATIO = 16;
/** Of a filter before it is compressed: a cache line, so that small blocks prune as well. */
export const FILTER_BYTES_MIN = 64;
/** Of the filter of a block that is one huge row. */
export const FILTER_BYTES_MAX = 1024 * 1024;

/** Wire bytes of rows that are made into members in one step, unless a single row has more: four or five members. */
export const SLICE_BYTES_MAX = 1024 * 1024;
/** Rows of such a step: two members' worth of the shortest. */
export const SLICE_ROWS_MAX = 2 * MEMBER_ROWS_MAX;

/** Files of one stream that a read holds open; older ones, of a job with many rotated ones, are opened for each piece. */
export const FILES_HELD_MAX = 16;

/** Members of rows that are in no file yet, held by a read that has to see them as such; more are made again. */
export const PENDING_BYTES_HELD_MAX = 16 * 1024 * 1024;

/** First memory of a job's newest rows, and of their columns: ten thousand jobs may have a few rows each. */
export const SLAB_BYTES_MIN = 128;
export const BUFFER_BYTES_INITIAL = 512;
export const BUFFER_ROWS_INITIAL = 4;

/** Memory that is kept for rows, beside what they may take: rows are let go of later than room is made. */
export const SLABS_KEPT = 1.25;

/** Memory of rows that is used again: a block's at the most. */
export const SLAB_BYTES_MAX = 512 * 1024;

/** It is cut from pieces of this size. */
export const SLAB_PAGE_BYTES = SLAB_BYTES_MAX;

/** What a row has as text beside its content: job id, keys, numbers; for telling when a block is full. */
export const ROW_TEXT_OVERHEAD_BYTES = 96;

/** Text of a block before it is sealed: a little less than a member may have, since it is estimated. */
export const BLOCK_TEXT_BYTES = 240 * 1024;

/** Bytes of a batch that are not its rows, from which on the log gets a copy without them. */
export const LOG_WASTE_BYTES = 4_096;

/** Bytes that one record of the log has at the most beside a single larger batch: writing gets no faster above that. */
export const COMMIT_BYTES_MAX = 1024 * 1024;

/** Rows that are not in their files, in memory: default. Writes wait when there are more. */
export const MEMORY_BYTES = 64 * 1024 * 1024;

/** Tails of at least so much become a block when memory or the log presses; smaller ones go together into a run. */
export const RUN_TAIL_BYTES = 64 * 1024;

/** Runs at the most: then the jobs of the oldest are sealed. */
export const RUNS_MAX = 64;

/** Time without a row after which a tail is sealed. */
export const SEAL_IDLE_MS = 60_000;

/** Time without a row after which a job counts as ended. */
export const ENDED_IDLE_MS = 15 * 60_000;

/** Segments of the log that are kept before it presses: a start reads no more. */
export const LOG_SEGMENTS_MAX = 4;

/** … and before writes wait until it is shorter. */
export const LOG_SEGMENTS_WAIT = 8;

/**
 * Of the log, after which it is trimmed behind what is in files, although nothing presses: what is written soon after it was
 * trimmed takes memory that is there already, which is three times as fast as new. More of it where that costs more: each open
 * file is synced, and each job is a line of the index.
 */
export const CHECKPOINT_BYTES = 16 * 1024 * 1024;
export const CHECKPOINT_BYTES_PER_FILE = 2 * 1024 * 1024;
export const CHECKPOINT_BYTES_PER_JOB = 4 * 1024;

/** How often the engine looks for what is idle. */
export const HOUSEKEEPING_MS = 1_000;

/** Jobs that are sealed at the same time: as many as make messages to the threads worth their while … */
export const SEALS_AT_ONCE = 32;
/** … and bytes of their rows, since rows in runs come into memory for it. */
export const SEALED_BYTES_AT_ONCE = 8 * 1024 * 1024;
/** Blocks of one job that are built at the same time. */
export const BLOCKS_AT_ONCE = 8;

/** Pause before a job whose files failed is tried again; doubled up to the second. */
export const PARK_MIN_MS = 1_000;
export const PARK_MAX_MS = 60_000;

/** Data files that are open at the same time. */
export const DATA_FILES_OPEN_MAX = 128;

/** What sealing may take when the store is closed; what is left goes to a run. */
export const CLOSE_SEAL_MS = 4_000;
/** When, since it began to be closed, no further data file is synced: what is in files unsynced, the log has, and the next start reads it. */
export const CLOSE_SYNC_MS = 6_000;

/** Space that is left free: the smaller of this and one part of RESERVE_SHARE of the disk. */
export const RESERVE_BYTES = 256 * 1024 * 1024;
export const RESERVE_SHARE = 100;

/** How often the free space is asked for at the most. */
export const SPACE_ASKED_MS = 1_000;

/** The log's segments have at most this part of the free space. */
export const SEGMENT_SHARE = 16;

/** Lines of the job index that are made before others get a turn: a millisecond. */
export const INDEX_LINES_AT_ONCE = 500;

/** Worker threads at the most: four compress more than a disk and the rest of the store can take. */
export const BUILDER_THREADS_MAX = 4;
/** Messages that a worker has at a time: work for longer than the calling thread may be busy with something else. */
export const MESSAGES_PER_WORKER = 8;
/** Bytes of rows from which on a message has enough: waking a thread costs as much as some twenty rows. */
export const BUILD_MESSAGE_BYTES = 128 * 1024;

/** Memory of such a request that is used again for the next: rows of a block and their columns fit. */
export const SPARE_BYTES_MAX = 1024 * 1024;

/** Calls that the disk thread gets in one message, and messages that it has at a time: one that it works at, one that is there then. */
export const DISK_CALLS_AT_ONCE = 32;
export const DISK_MESSAGES_AT_ONCE = 2;

/** Buffers of one write: IOV_MAX of Linux and macOS. */
export const WRITE_BUFFERS_MAX = 1024;

/** Bytes that are copied at once from a file that has to be made anew. */
export const COPY_BYTES = 1024 * 1024;

/** Data files that are synced at the same time: libuv has 4 threads, and the log needs one. */
export const FILES_SYNCED_AT_ONCE = 3;

/** Data files that are closed together to make room for others. */
export const FILES_CLOSED_AT_ONCE = 32;

/** Indexes and filters in memory: those of about 7,000,000 lines. */
export const INDEX_MEMORY_BYTES = 64 * 1024 * 1024;
/** Ends of indexes that are remembered, about 100 bytes each: two files of each of 10,000 live jobs, and as many again. */
export const INDEX_TAILS_REMEMBERED_MAX = 40_000;
/** Of a data file that is described before a read goes on, 10 MiB of text; more is left to the background. */
export const INDEX_EXTEND_BYTES_MAX = 1024 * 1024;
/** Blocks that the background describes before it writes their entries. */
export const BLOCKS_INDEXED_AT_ONCE = 32;
/** Files that wait for the background to index them; others do it when they are read again. */
export const REBUILDS_WAITING_MAX = 1_000;
/** Pause before a file that could not be indexed is tried again. */
export const INDEX_RETRY_MS = 60_000;
/** Entries of an index that are compared with the data before it is believed. */
export const ENTRIES_COMPARED = 4;
/** Filters that are read and checked without a break: about a millisecond. */
export const FILTERS_AT_ONCE = 256;
/** Bytes of filters that are read at once. */
export const FILTERS_READ_BYTES_MAX = 1024 * 1024;

/** Problems of one job that a verification names: a file may be damaged in a million places. */
export const PROBLEMS_NAMED_MAX = 1_000;

/** Jobs of which a verification looks at the damaged ones once more, after one further reading of the log: their reports are in memory. */
export const JOBS_VERIFIED_TOGETHER = 256;

/** Groups of blocks that are read and inflated ahead of the one whose rows are decoded: what libuv's threads do on the other cores. */
export const GROUPS_AHEAD = 3;
/** Blocks that are inflated in one call, about a megabyte of text: a call costs as much as some hundred rows. */
export const GROUP_BLOCKS_MAX = 4;
/** Text that is inflated before its turn comes; a larger one waits for it. */
export const TEXT_AHEAD_BYTES_MAX = 2 * 1024 * 1024;

/** A batch shares the bytes of a block if its rows are at least this part of them (one in so many); else they are copied. */
export const BATCH_SHARE_MIN = 4;

/** Entries of an index that are read at once to be shown. */
export const INDEX_ENTRIES_READ_AT_ONCE = 128;

/** Segments of the log, unless the disk is nearly full … */
export const SEGMENT_BYTES = 64 * 1024 * 1024;
/** … or the log is short: then they have this, or this part of it, since whole segments are trimmed. */
export const SHORT_SEGMENT_BYTES = 8 * 1024 * 1024;
export const SHORT_SEGMENT_SHARE = 8;

/** Rows of a tail that are kept between looking whether all of them can be read and giving them; more are read again. */
export const TAIL_BYTES_HELD_MAX = 4 * 1024 * 1024;

/** Added to the nice value of worker threads: they get a tenth of what the main thread gets when both want the same core. */
export const WORKER_NICENESS = 10;

/** zlib level of the files of ended jobs: a fifth smaller than level 3, for three times the time, which nobody waits for. */
export const REWRITE_LEVEL = 6;
/** Text of the rows that are in memory at once while a file is rewritten: four blocks, a little less than full. */
export const REWRITE_TEXT_BYTES = 4 * 244 * 1024;
/** Files with less to gain by rewriting are left: a page of the disk. */
export const REWRITE_BYTES_MIN = 4_096;
/** A file is rewritten again when so much of it (one part in so many) came after: what is written twice stays in proportion. */
export const REWRITE_SHARE = 8;
/** How often it is looked which jobs have ended. */
export const REWRITE_SCAN_MS = 2_000;

/** Files that all reads together hold open, and those that they open for one piece: with those of the engine, less than 256. */
export const READ_FILES_HELD_MAX = 64;
export const READ_FILES_REOPENED_MAX = 16;
