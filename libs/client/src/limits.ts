/** Largest message each way, 128 MiB: what the service itself allows (a row may be as large as an IPC frame). */
export const MESSAGE_SIZE_MAX = 128 * 1024 * 1024;

/** Unary calls end after so long. The Joblet daemon gives the service 2 s; this leaves room for a loaded machine. */
export const DEADLINE_DEFAULT_MS = 10_000;

/** With a call open and nothing heard for so long, the other side is asked whether it is alive: streams have no deadline. */
export const PING_INTERVAL_MS = 10_000;

/** Without an answer to that for so long the connection is given up. */
export const PING_TIMEOUT_MS = 10_000;

/** Longest path of a unix socket in bytes, `sun_path` less its NUL; Node cuts a longer one silently. */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;

/** Jobs asked for at a time by a listing: the service's own page size. */
export const LIST_JOBS_PAGE = 1_000;

/** A call of the state service ends after so long: the Joblet daemon waits 5 s for changes and 10 s for lists. */
export const STATE_DEADLINE_MS = 10_000;

/** Requests of one connection to the state service without an answer. */
export const STATE_REQUESTS_MAX = 1_000;

/** Jobs asked for at a time by a listing of the state service: about a megabyte. */
export const LIST_STATES_PAGE = 1_000;

/** Jobs with changes that the state service does not have yet. Each is a few hundred bytes beside the job itself. */
export const UNSTORED_JOBS_MAX = 100_000;

/** Changes that are sent without waiting for the answers to those before. */
export const CHANGES_IN_FLIGHT_MAX = 64;

/** The state service is tried again after a random time up to this, doubled each time … */
export const RECONNECT_DELAY_MS = 100;
/** … and at the most this. */
export const RECONNECT_DELAY_MAX_MS = 10_000;

/** A job that the service could not store is tried again after a random time up to this, doubled each time … */
export const RETRY_DELAY_MS = 100;
/** … and at the most this. */
export const RETRY_DELAY_MAX_MS = 10_000;

/** So is a sync; it brings the whole set each time, and its jobs are sent one by one meanwhile. */
export const SYNC_DELAY_MS = 1_000;
export const SYNC_DELAY_MAX_MS = 60_000;

/** How long `close` waits for changes that are not stored yet. */
export const CLOSE_DEADLINE_MS = 5_000;
