/** Bytes that wait to be sent, unless told otherwise: `persist.ipc.write_buffer` of the Joblet daemon. */
export const BUFFER_BYTES_MAX = 8_388_608;

/** Rows that wait to be sent, unless told otherwise: `ipc.buffer_size` of the Joblet daemon. */
export const BUFFER_ROWS_MAX = 10_000;

/**
 * Bytes of frames that are written to the socket at once. What is not known to be in the kernel when a connection
 * breaks is sent again from the start of such a block, so a block is also the most that can arrive twice.
 */
export const BLOCK_BYTES = 65_536;

/**
 * Jobs whose sequence numbers are remembered at the least, and half of the most. A producer may run for years: the
 * numbers of a job that has been silent while so many others wrote start at 0 again.
 */
export const JOBS_MIN = 10_000;

/** How long a connection may take to come about. */
export const CONNECT_TIMEOUT_MS = 5_000;

/** Upper bound of the first delay before a new attempt to connect; it doubles with each attempt. */
export const RECONNECT_BASE_MS = 100;

/** Upper bound of every such delay: `ipc.reconnect_delay` of the Joblet daemon. */
export const RECONNECT_CAP_MS = 5_000;

/** How long `close` goes on sending unless told otherwise. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** Bytes of a socket path: `sun_path` of the platform without its NUL. Node cuts a longer one silently. */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'darwin' ? 103 : 107;

/** The most that a frame adds to a row's content: two job ids, two times, two sequence numbers and the tags. */
export const FRAME_OVERHEAD_MAX = 512;
