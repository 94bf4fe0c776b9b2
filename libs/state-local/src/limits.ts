/** Most calls under way or waiting for the disk; a further one is UNAVAILABLE. About a second's worth of changes. */
export const CALLS_MAX = 20_000;

/** Most changes of one batch: what is committed together also waits for each other. */
export const BATCH_CHANGES_MAX = 1_000;

/** What is given beyond this goes with the next batch: LevelDB holds a batch in memory, several times. */
export const BATCH_BYTES_MAX = 16 * 1024 * 1024;

/** Most records that are fetched at a time. */
export const FETCHED_RECORDS_MAX = 1_000;

/** Index entries of one look: a first one that is as large as a page, then ever larger ones, up to this. */
export const SCANNED_ENTRIES_MAX = 4_096;

/** So few uuids that start with a list's prefix are fetched and sorted; for more the indexes are walked. */
export const PREFIX_PROBE_MAX = 1_024;

/** Expired tombstones that go with one batch. */
export const PURGED_TOMBSTONES_MAX = 1_000;

/**
 * Batches whose numbers are kept, to see when LevelDB's log has lost one. It has to be more than a log can hold: two
 * logs of WRITE_BUFFER_BYTES at about 1 KiB for the smallest batch.
 */
export const NUMBERED_BATCHES = 16_384;

/** LevelDB's write buffer, and so the most that it reads again when it opens, twice. More means fewer compactions. */
export const WRITE_BUFFER_BYTES = 8 * 1024 * 1024;

/** Blocks that LevelDB keeps unpacked in memory. */
export const BLOCK_CACHE_BYTES = 32 * 1024 * 1024;

/** How long expired tombstones may gather before they are looked for, so that not every batch looks. */
export const PURGE_INTERVAL_MS = 1_000;

/** Records that a repair reads and writes at a time. */
export const REPAIRED_RECORDS_MAX = 1_000;

/** Records that are kept in memory, by their text: those of some fifty thousand jobs. */
export const RECENT_BYTES_MAX = 64 * 1024 * 1024;

/** What a record in memory takes besides its text. */
export const RECORD_OVERHEAD_BYTES = 500;
