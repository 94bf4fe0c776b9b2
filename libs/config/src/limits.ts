/** The whole file, PEM certificates included; real ones have a few KiB. Stops reading of /dev/zero and the like. */
export const CONFIG_FILE_BYTES_MAX = 1 << 20;

/** Nodes that YAML aliases may stand for, multiplied through; a file that needs more is an alias bomb. */
export const ALIAS_COUNT_MAX = 100;

/** Sections and lists in one another; ours are 6 deep, the rest is for options of modules. */
export const NESTING_MAX = 100;

/** Characters of a wrong value that a message repeats. */
export const SHOWN_VALUE_CHARS_MAX = 200;

/** `sun_path` without its NUL: 108 bytes on Linux, 104 on macOS. Node cuts a longer path silently. */
export function socketPathBytesMax(platform: NodeJS.Platform): number {
  return platform === 'darwin' ? 103 : 107;
}

/** Both ends are allowed. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Each connection takes a file descriptor; services get at most 524,288 from systemd. */
export const CONNECTIONS: Range = { min: 1, max: 100_000 };

/** Below 1 KiB an ordinary log line does not fit; a frame above 1 GiB is damage, whatever the memory. */
export const MESSAGE_BYTES: Range = { min: 1_024, max: 1 << 30 };

/** From one page up: a smaller buffer costs a system call for each line. */
export const BUFFER_BYTES: Range = { min: 4_096, max: 1 << 30 };

/** A port that others are told. */
export const PORT: Range = { min: 1, max: 65_535 };

/** Up to 1 TiB in one file. */
export const ROTATION_MB: Range = { min: 1, max: 1 << 20 };

/** Rotated files of one stream; the number is a part of the file's name. */
export const ROTATED_FILES: Range = { min: 0, max: 100_000 };

/** Up to 100 years. */
export const RETENTION_DAYS: Range = { min: 0, max: 36_500 };

/** What zlib knows, without 0: "stored" is `enabled: false`. */
export const GZIP_LEVEL: Range = { min: 1, max: 9 };

/** Up to one hour of output at stake. */
export const SYNC_INTERVAL_MS: Range = { min: 1, max: 3_600_000 };

/** Memory for what is not stored yet: 1 MiB holds a row of ordinary size, 1 TiB is beyond any machine's. */
export const QUEUE_MB: Range = { min: 1, max: 1 << 20 };

/** Smaller blocks do not compress, larger ones make every read of a few rows slow. */
export const BLOCK_KB: Range = { min: 16, max: 16_384 };

/** A job that is silent longer than a day has ended by any rule. */
export const SEAL_IDLE_SECONDS: Range = { min: 1, max: 86_400 };

/** 0 reserves nothing. */
export const RESERVE_MB: Range = { min: 0, max: 1 << 20 };

/** A segment is read whole after a crash. */
export const SEGMENT_MB: Range = { min: 1, max: 4_096 };

/** Up to 16 TiB, the largest file of ext4. */
export const SPOOL_MB: Range = { min: 1, max: 1 << 24 };

/** Queries that run at once share the threads of one process. */
export const CONCURRENT_QUERIES: Range = { min: 1, max: 10_000 };

/** Up to one day. */
export const QUERY_TIMEOUT_SECONDS: Range = { min: 1, max: 86_400 };

/** 0 is no limit; the largest is that of a gRPC int32 `limit`. */
export const QUERY_ROWS: Range = { min: 0, max: 2_147_483_647 };

/** Rows that a producer holds while persist is away. */
export const PRODUCER_ROWS: Range = { min: 1, max: 10_000_000 };

/** Faster than 10 ms is a busy loop, slower than an hour is never. */
export const RECONNECT_DELAY_MS: Range = { min: 10, max: 3_600_000 };

/** 0 is no limit. */
export const RECONNECTS: Range = { min: 0, max: 1_000_000_000 };

/** PutLogEvents takes at most 10,000 events. */
export const CLOUDWATCH_LOG_BATCH: Range = { min: 1, max: 10_000 };

/** PutMetricData takes at most 1,000 values. */
export const CLOUDWATCH_METRIC_BATCH: Range = { min: 1, max: 1_000 };

/** CloudWatch takes 30 dimensions for a metric; JobID and NodeID are two of them. */
export const CLOUDWATCH_DIMENSIONS_MAX = 28;

/** CloudWatch's own. */
export const CLOUDWATCH_DIMENSION_CHARS_MAX = 1_024;

/** What PutRetentionPolicy takes, after -1 (no policy: for ever) and 0 (our default). */
export const CLOUDWATCH_RETENTION_DAYS = [
  -1, 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
  3653,
] as const;

/** 0 is no limit; a longer answer than 1 GiB fits into no client. */
export const RESPONSE_BYTES: Range = { min: 0, max: 1 << 30 };

/** 0 is on demand; the largest is Amazon's default quota for a table. */
export const DYNAMODB_CAPACITY: Range = { min: 0, max: 40_000 };

/** Redis has 16 databases by default; its configuration may have more. */
export const REDIS_DB: Range = { min: 0, max: 65_535 };
