import { Command, CommanderError } from 'commander';

export interface ProgramArguments {
  readonly config?: string;
  readonly checkConfig: boolean;
}

/** What a service's help says. */
export interface ProgramTexts {
  readonly name: string;
  readonly version: string;
  /** One sentence. */
  readonly description: string;
  /** What follows the options. */
  readonly help: string;
}

/** Undefined: --help or --version was answered. Throws CommanderError for wrong usage, after telling it. */
export function parseArguments(
  argv: readonly string[],
  { name, version, description, help }: ProgramTexts,
): ProgramArguments | undefined {
  const command = new Command(name)
    .description(description)
    .option('--config <file>', 'the joblet-config.yml to use (also -config, as the Go service takes it)')
    .option(
      '--check-config',
      'check the configuration, print the effective one with secrets masked, and exit',
      false,
    )
    .version(version, '--version', 'print the version and exit')
    .helpOption('--help', 'print this help and exit')
    .addHelpText('after', help)
    .allowExcessArguments(false)
    .configureOutput({
      outputError: (text, write) =>
        write(`${name}: ${text.trim().replace(/^error: /, '')}; ${name} --help tells more\n`),
    })
    .exitOverride();
  try {
    command.parse(argv.map(goSpelling), { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw error;
  }
  return command.opts<ProgramArguments>();
}

/** The Go service takes one dash for long options; commander would read `-config` as `-c onfig`. */
function goSpelling(argument: string): string {
  return /^-(config|check-config|version|help)(=|$)/.test(argument) ? `-${argument}` : argument;
}
