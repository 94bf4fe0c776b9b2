/** The service failed: its last log line says why. */
export const EXIT_FAILED = 1;

/** It was called wrongly. */
export const EXIT_USAGE = 2;

/** Its configuration is wrong: EX_CONFIG of sysexits.h, after which systemd does not start it again. */
export const EXIT_CONFIG = 78;
