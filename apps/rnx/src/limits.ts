/** Longest row that `job run` sends, newline included: the size of the chunks in which Joblet's daemon sends output. */
export const ROW_SIZE_MAX = 32 * 1024;

/** Output is written when so many bytes have come together: fewer system calls, and a slow reader still holds us back. */
export const OUTPUT_CHUNK_SIZE = 64 * 1024;

/** Candidates that an ambiguous JOB is answered with. */
export const CANDIDATES_MAX = 5;

/** Rows of a table that are laid out together: enough for good widths, and memory stays small for any length. */
export const TABLE_ROWS_MAX = 1_000;

/** Largest number that the query API takes for a count (int32). */
export const COUNT_MAX = 2 ** 31 - 1;

/** Latest time that the query API takes, Unix nanoseconds (int64). */
export const TIME_MAX = 2n ** 63n - 1n;

/** Pause between two samples of what a job uses. */
export const SAMPLE_INTERVAL_MS = 1_000;

/** A person is told why `job run` does not end when a job's output stays open for so long behind its end. */
export const HOLDERS_NOTE_AFTER_MS = 3_000;

/** Time for sending what is left when the command has ended. */
export const CLOSE_TIMEOUT_MS = 5_000;

/** The same for a job whose persist was never there: it will hardly come up now. */
export const CLOSE_TIMEOUT_NEVER_CONNECTED_MS = 1_000;

/** Time for the last change of the job's state when the command has ended. */
export const STATE_CLOSE_TIMEOUT_MS = 2_000;

/** The same when the state service is not there: one more attempt, and nobody waits for what few have. */
export const STATE_CLOSE_TIMEOUT_NOT_CONNECTED_MS = 100;

/** Jobs that are asked for at a time by themselves, when a list has them of one service only. */
export const LOOKUPS_MAX = 8;

/** Jobs of the state service asked for at a time by a listing. */
export const STATE_PAGE = 1_000;

/** Bytes of rows that wait to be sent: what a job may write while persist restarts, without a burden for the machine. */
export const BUFFER_BYTES_MAX = 64 * 1024 * 1024;

/** As the section `ipc` of the configuration has them, for a socket that was named. */
export const RECORDER_DEFAULTS = { bufferRowsMax: 10_000, reconnectCapMs: 5_000, reconnectAttemptsMax: 0 };

/** Pause between two looks whether a full buffer has room: short against the time in which persist takes a buffer. */
export const ROOM_POLL_MS = 5;

/** A persist that is connected but takes nothing for so long counts as away: no job stands still for it. */
export const STALL_MAX_MS = 10_000;

/** Longest path of a unix socket in bytes, `sun_path` less its NUL; Node cuts a longer one silently. */
export const SOCKET_PATH_BYTES_MAX = process.platform === 'linux' ? 107 : 103;
