import { Command, CommanderError } from 'commander';

export interface Arguments {
  readonly config?: string;
  readonly checkConfig: boolean;
}

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

const HELP = `
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

/** Undefined: --help or --version was answered. Throws CommanderError for wrong usage, after telling it. */
export function parseArguments(argv: readonly string[], version: string): Arguments | undefined {
  const command = new Command('persist')
    .description('Keeps what jobs print and measure, and answers queries about it.')
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
        write(`persist: ${text.trim().replace(/^error: /, '')}; persist --help tells more\n`),
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
