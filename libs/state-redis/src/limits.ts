/** Most calls that wait for the server, for a connection, or for a turn; a further one is UNAVAILABLE. */
export const CALLS_MAX = 20_000;

/** Most commands that the driver holds: one of each call, and those of some syncs, which send 1,000 at a time. */
export const QUEUED_COMMANDS_MAX = 40_000;

/** How long a call, or one step of a list or a sync, waits for a connection and an answer: as long as the Go client waits for a read. */
export const ANSWER_TIMEOUT_MS = 10_000;

/** How long opening the store waits for a server that does not answer yet. */
export const OPEN_TIMEOUT_MS = 10_000;

/** How long one attempt to connect may take. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Pause before the second attempt to connect; it doubles with each one, up to RECONNECT_MAX_MS. */
export const RECONNECT_MIN_MS = 50;
export const RECONNECT_MAX_MS = 2_000;

/** How often a change starts again because somebody else has changed the job meanwhile: one of them succeeds each time. */
export const CHANGE_ATTEMPTS_MAX = 1_000;

/** How often a sync or a list starts again because of others. */
export const SYNC_ATTEMPTS_MAX = 100;
export const LIST_ATTEMPTS_MAX = 100;

/** Index entries that one step of a list looks at: about 2 ms, in which the server does nothing else. */
export const SCANNED_ENTRIES_MAX = 1_000;

/** Most jobs of a sync: one script writes all, in about a second; Redis takes 1,048,576 arguments, a job up to 14. */
export const SYNCED_JOBS_MAX = 70_000;

/** Fetches of records under way at a time: so many that the server is never idle, so few that reads gather. */
export const FETCHES_AT_ONCE = 2;

/** Most records that are asked for in one go: about 2 ms, in which the server does nothing else. */
export const FETCHED_RECORDS_MAX = 1_000;

/** How often a store looks for jobs that have expired, while jobs are changed. */
export const PURGE_INTERVAL_MS = 60_000;

/** Jobs that one look removes from the indexes: some milliseconds, in which the server does nothing else. */
export const PURGED_JOBS_MAX = 1_000;
