/** `sun_path` without its NUL: 108 bytes on Linux, 104 on macOS. Node cuts a longer path silently. */
export function socketPathBytesMax(platform: NodeJS.Platform): number {
  return platform === 'darwin' ? 103 : 107;
}

/** Length of the random name of the folder that a socket is made in; fewer when the path leaves less room. */
export const SOCKET_FOLDER_NAME_MAX = 8;

/**
 * Connections that wait to be accepted; the system may allow fewer (net.core.somaxconn). A further client would be
 * refused at once: a thousand may come in the same moment.
 */
export const SOCKET_BACKLOG = 4_096;

/** Rounds of "somebody else was faster" before a socket file is given up. */
export const SOCKET_ATTEMPTS_MAX = 10;

/** Log lines that wait for a slow reader of stdout; more are dropped and counted: a service does not wait. */
export const LOG_PENDING_BYTES_MAX = 1 << 20;

/** Pause before a full pipe is tried again. */
export const LOG_RETRY_MS = 20;

/** How long the last lines before the exit wait for a slow reader. */
export const LOG_FLUSH_MS = 500;

/** Kinds of rate-limited lines that are remembered, so that a caller's mistake does not become a leak. */
export const RATE_LIMITED_KINDS_MAX = 1_000;

/** A health check that takes longer has failed: probes give up after one to ten seconds. */
export const HEALTH_CHECK_MS = 2_000;

/** A service stops within 10 s: then the daemon and systemd send SIGKILL. */
export const DRAIN_DEADLINE_MS = 10_000;

/** How often the wall clock is compared with the monotonic one. */
export const CLOCK_LOOK_MS = 1_000;

/** A difference from here on is a step: times of log lines have a second's granularity in older daemons. */
export const CLOCK_STEP_MS = 1_000;

/** While a module opens its part, how often the log says so: it may wait for a network. */
export const OPENING_INTERVAL_MS = 10_000;
