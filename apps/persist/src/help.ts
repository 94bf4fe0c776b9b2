/** What `persist --help` says before the options. */
export const DESCRIPTION = 'Keeps what jobs print and measure, and answers queries about it.';

/** … and behind them. */
export const HELP = `
Commands, beside the service or without it:
  persist verify [JOB...]  check what is on the disk; persist verify --help tells more
  persist inspect FILE     show the blocks of a file

Without --config the file is searched: JOBLET_CONFIG_PATH, then
/opt/joblet/config/joblet-config.yml, /opt/joblet/joblet-config.yml,
./config/joblet-config.yml, ./joblet-config.yml, /etc/joblet/joblet-config.yml.
Without any file, built-in defaults are used, and persist says where it keeps the data.

Signals:
  SIGTERM, SIGINT  stop: read what producers have sent, store it, exit 0 (10 s at most)
  SIGHUP           read the log level again

Exit codes:
  0   stopped as asked, everything stored
  1   failed: the last log line says why
  2   wrong usage
  78  wrong configuration

Examples:
  persist --config ./joblet-config.yml
  persist --config ./joblet-config.yml --check-config`;
