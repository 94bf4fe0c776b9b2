/** Requests of one connection that are carried out, or answered and not sent yet, at a time; the next ones wait unread. */
export const REQUESTS_IN_FLIGHT_MAX = 64;

/** Answers that a client has not taken yet; beyond, its requests wait unread. One answer may be larger. */
export const UNSENT_BYTES_MAX = 1024 * 1024;

/** A client that takes nothing of its answers, or sends nothing more of a request, for so long is closed. */
export const STUCK_CLIENT_MS = 30_000;

/** Requests of all connections that have not arrived whole; more are refused with UNAVAILABLE. */
export const HALF_REQUEST_BYTES_MAX = 256 * 1024 * 1024;

/** Answers of all connections that were not taken yet; beyond, the client that has taken nothing for longest is closed. */
export const ALL_UNSENT_BYTES_MAX = 256 * 1024 * 1024;

/** Open connections; more are closed at once. A daemon has 20. Each is a file descriptor. */
export const CONNECTIONS_MAX = 4_096;

/** The shortest a stored job can be as JSON: uuid, createdAt, updatedAt and version. Bounds how many an answer can have. */
export const JOB_BYTES_MIN = 80;

/** SIGTERM: how long clients may take for their last answers. */
export const DRAIN_CONNECTIONS_MS = 5_000;

/** SIGTERM: how long the store may take to close before its signal is aborted. */
export const CLOSE_STORE_MS = 3_000;

/** Log lines of one kind of trouble: one in this time, with a count. */
export const LOG_INTERVAL_MS = 10_000;

/** How long the server of a remote backend may take to answer: the Joblet daemon waits 5 s for a change. */
export const ANSWER_TIMEOUT_MS = 4_000;
