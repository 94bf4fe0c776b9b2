/** A frame's length is an unsigned 32-bit number, big-endian, in front of the frame's bytes. */
export const FRAME_HEADER_BYTES = 4;

/** Largest frame in bytes unless told otherwise: 128 MiB, `max_message_size` of the Joblet daemon. */
export const FRAME_SIZE_MAX = 134_217_728;

/** Connections that are read at the same time unless told otherwise: `persist.ipc.max_connections`. */
export const CONNECTIONS_MAX = 256;

/** Bytes of half frames and of what the app has not stored yet, unless told otherwise: `persist.writer.queue_mb`. */
export const BUDGET_BYTES = 67_108_864;

/** The smallest budget: one read, and more than the half lengths (3 bytes) of 20,000 connections. */
export const BUDGET_BYTES_MIN = 65_536;

/** The most that Node takes from a socket in one read (libuv's buffer): what a chunk can add to a budget at once. */
export const READ_SIZE = 65_536;

/** How long a drain may read at the most: a service has 10 s to end, and what was read is still to be stored. */
export const DRAIN_TIMEOUT_MS = 5_000;

/**
 * Turns of the event loop without data after which every connection is known to be empty. In one full poll phase Node
 * reads each socket that has data; the second is there for what became readable while the first ran.
 */
export const DRAIN_QUIET_TURNS = 2;
