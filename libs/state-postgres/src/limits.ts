/** Calls under way at a time, further ones are refused: far above what a service with 1,000 connections asks for. */
export const CALLS_MAX = 10_000;

/** Connections of the pool unless the options say otherwise: PostgreSQL takes 100 in all by default. */
export const CONNECTIONS_DEFAULT = 10;
export const CONNECTIONS_MAX = 1_000;

/** For a connection, or for one of the pool to be free: the Go client waits 5 s for a change. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** For a call, or one statement of a sync; after that its connection is given up. Ample for a list of 100,000 jobs. */
export const ANSWER_TIMEOUT_MS = 30_000;

/** A migration may have to build an index of a large table. */
export const MIGRATION_TIMEOUT_MS = 600_000;

/** Each time a change finds its job changed by somebody else, somebody else has succeeded. */
export const CHANGE_ATTEMPTS_MAX = 100;

/** Times that a sync is tried, when others' changes come between or connections break. */
export const SYNC_ATTEMPTS_MAX = 10;

/** Jobs of one statement of a sync: bounds the text that the driver builds. */
export const SYNC_ROWS_MAX = 500;

/** Expired tombstones that one statement removes: bounds how long it holds its locks. */
export const PURGE_ROWS_MAX = 1_000;

/** Jobs of a list that are read from their text before other calls have their turn: some 20 ms. */
export const JOBS_READ_AT_ONCE = 1_000;

/** Statements that read single jobs at a time: so many that the server is never idle, so few that reads gather. */
export const READS_AT_ONCE = 2;

/** Jobs of one such statement. */
export const READ_ROWS_MAX = 500;
