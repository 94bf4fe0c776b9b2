/** Longest uuid in UTF-8 bytes: fits every backend's key (DynamoDB takes 2,048) with room for prefixes. */
export const UUID_BYTES_MAX = 512;

/** Longest status, nodeId and owner in UTF-8 bytes: they are keys of indexes (DynamoDB takes 1,024 for a sort key). */
export const NAME_BYTES_MAX = 512;

/** How deep a job may be nested: what Go's decoder takes. */
export const DEPTH_MAX = 10_000;

/** How long a deleted job's updates are told that it is not found: longer than the Go client waits for an answer, 5 s. */
export const TOMBSTONE_MS = 60_000;

/** Most jobs of a page that may be asked for. */
export const LIMIT_MAX = 0xffff_ffff;

/** Longest cursor: three names of 512 bytes, escaped as JSON, in base64. */
export const CURSOR_LENGTH_MAX = 16_384;
