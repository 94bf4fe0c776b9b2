/** Calls under way at a time, further ones are refused: far above what a service with 1,000 connections asks for. */
export const CALLS_MAX = 10_000;

/** DynamoDB's limit: names and values of all attributes, in bytes. */
export const ITEM_BYTES_MAX = 400 * 1_024;

/** DynamoDB's limit for BatchWriteItem. */
export const BATCH_WRITE_MAX = 25;

/** Batches of a sync that are under way at a time: each waits for a read and a write. */
export const SYNC_BATCHES_AT_ONCE = 4;

/** DynamoDB's limit for nested attributes is 32; the item itself is a level. */
export const ATTRIBUTE_DEPTH_MAX = 31;

/** DynamoDB's limits for numbers. */
export const NUMBER_DIGITS_MAX = 38;
export const NUMBER_EXPONENT_MAX = 125;
export const NUMBER_EXPONENT_MIN = -130;

/** DynamoDB's limit for the operands of IN. */
export const IN_OPERANDS_MAX = 100;

/** How long a call, or one page of a list, waits for an answer, all retries included: as long as the Go client waits for a read. */
export const ANSWER_TIMEOUT_MS = 10_000;

/** One try, or half of ANSWER_TIMEOUT_MS: DynamoDB answers in milliseconds, and a page of a scan in less than a second. */
export const TRY_TIMEOUT_MS = 5_000;

/** Connecting to a region far away takes a quarter of a second. */
export const CONNECT_TIMEOUT_MS = 2_000;

/** Tries of a request: the pauses between them are 3 s at most, but when DynamoDB throttles; then the time limit ends them. */
export const TRIES_MAX = 6;

/** Connections at a time: further requests wait for one. */
export const CONNECTIONS_MAX = 50;

/** For EC2's metadata service, token and region together: elsewhere nobody answers. */
export const METADATA_TIMEOUT_MS = 5_000;

/** A new table is there after seconds; an index of a large table after minutes. */
export const TABLE_TIMEOUT_SECONDS = 600;
export const TABLE_POLL_SECONDS = 1;

/** Each time a change finds its job changed by somebody else, somebody else has succeeded. */
export const CHANGE_ATTEMPTS_MAX = 100;

/** Tombstones of this process whose removal is planned; those beyond are left to TTL and to the next scan. */
export const TOMBSTONES_MAX = 10_000;

/** Expired tombstones that one call removes on its way. */
export const TOMBSTONES_REMOVED_AT_ONCE = 25;

/** Items that health names because they cannot be read. */
export const UNREADABLE_MAX = 10;

export const SECONDS_PER_DAY = 86_400;

/** 100 years: what the table would never delete is better not to expire at all. */
export const TTL_DAYS_MAX = 36_500;

/** DynamoDB's quota for a table. */
export const CAPACITY_MAX = 40_000;
