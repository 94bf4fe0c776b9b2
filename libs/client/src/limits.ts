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
