import { Command, CommanderError } from 'commander';

export interface Arguments {
  readonly config?: string;
  readonly checkConfig: boolean;
}

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

const HELP = `
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

/** Undefined: --help or --version was answered. Throws CommanderError for wrong usage, after telling it. */
export function parseArguments(argv: readonly string[], version: string): Arguments | undefined {
  const command = new Command('state')
    .description('Keeps the state of jobs over restarts, and answers the daemon and rnx.')
    .option('--config <file>', 'the joblet-config.yml to use (also -config, as the Go service takes it)')
    .option(
      '--check-config',
      'check the configuration, print the effective one with secrets masked, and exit',
      false,
    )
    .version(version, '--version', 'print the version and exit')
    .helpOption('--help', 'print this help and exit')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .configureOutput({
      outputError: (text, write) =>
        write(`state: ${text.trim().replace(/^error: /, '')}; state --help tells more\n`),
    })
    .exitOverride();
  try {
    command.parse(argv.map(goSpelling), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  return command.opts<Arguments>();
}

/** The Go service takes one dash for long options; commander would read `-config` as `-c onfig`. */
function goSpelling(argument: string): string {
  return /^-(config|check-config|version|help)(=|$)/.test(argument) ? `-${argument}` : argument;
}
