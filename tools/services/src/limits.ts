/** A JVM on a machine that is busy with other tests takes more than 10 s. */
export const START_TIMEOUT_MS = 60_000;

/** Nothing tells when a server starts to answer: it is asked this often. */
export const PROBE_INTERVAL_MS = 20;

/** One try: a server that accepts and says nothing does not answer. */
export const PROBE_TIMEOUT_MS = 2_000;

/** Below what systems give to outgoing connections (from 32768 on Linux), which could take a killed server's port. */
export const FIRST_PORT = 10_000;
export const LAST_PORT = 29_999;

/** The end of a server's log that an error quotes. */
export const LOG_TAIL_BYTES = 2_000;

/** Seconds that a token of EC2's metadata service may live: its own limit, six hours. */
export const IMDS_TOKEN_TTL_MAX_SECONDS = 21_600;
