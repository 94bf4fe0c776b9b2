/** What `state --help` says before the options. */
export const DESCRIPTION = 'Keeps the state of jobs over restarts, and answers the daemon and rnx.';

/** … and behind them. */
export const HELP = `
Commands, without the service:
  state migrate --from X --to Y  copy all jobs from one store into another
  state export [--from X]        write all jobs to stdout, a JSON document on each line
  state import [--to Y]          read them from stdin

Without --config the file is searched: JOBLET_CONFIG_PATH, then
/opt/joblet/config/joblet-config.yml, /opt/joblet/joblet-config.yml,
./config/joblet-config.yml, ./joblet-config.yml, /etc/joblet/joblet-config.yml.
Without any file, built-in defaults are used, and jobs are kept in memory only.

Where jobs are kept is state.backend: memory, local, dynamodb, redis, postgres,
or a module: a path (./my-store.js) or the name of a package.

Signals:
  SIGTERM, SIGINT  stop: answer what has arrived, close the store, exit 0 (10 s at most)
  SIGHUP           read the log level again

Environment:
  JOBLET_STATE_KEY  the key for jobs' secret environments, when state.secret_key_file names none

Exit codes:
  0   stopped as asked
  1   failed: the last log line says why
  2   wrong usage
  78  wrong configuration

Examples:
  state --config ./joblet-config.yml
  state --config ./joblet-config.yml --check-config`;
