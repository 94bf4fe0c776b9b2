/** What rnx returns. `job run` returns its command's code instead. */
export const ExitCode = {
  OK: 0,
  FAILED: 1,
  USAGE: 2,
  NOT_FOUND: 3,
  UNAVAILABLE: 4,
  INTERRUPTED: 130,
} as const;

/** Of `job run` itself, as in shells: the command is there but cannot be run, is not there, died of a signal. */
export const RunExitCode = { NOT_EXECUTABLE: 126, NOT_FOUND: 127, SIGNAL_BASE: 128 } as const;
