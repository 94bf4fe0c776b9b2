import { ConfigError } from '@joblet/config';
import { messageOf, StartError } from '@joblet/service';
import { StateStoreError } from '@joblet/state-store';
import { Command, CommanderError } from 'commander';
import { EXIT_ALL_DONE, EXIT_SOME_LEFT, EXIT_UNAVAILABLE, EXIT_WRONG_USAGE } from './exit-codes.js';
import { print, type Terminal } from './terminal.js';

export const OFFLINE_HELP = `
A store is the name of a backend, whose settings are those of state.storage in the configuration (local, dynamodb, redis,
postgres, or a module), or another configuration file (./old.yml), whose whole state section counts.

Stop the service first: what changes meanwhile may be missing. Secrets stay sealed as they are, and need their keys
later. Nothing is removed anywhere, and the command may be run again: what is there already is compared.

Exit codes:
  0   all jobs are there, each read back and compared
  1   some are not: told one by one on stderr
  64  wrong usage, or wrong configuration
  69  a store cannot be used: run it again to go on`;

/** What the commands have in common: how they are called wrongly, and what they say of it. */
export function offlineCommand(name: string, about: string): Command {
  return new Command(`state ${name}`)
    .description(about)
    .option('--config <file>', 'the joblet-config.yml to use; found as the service finds it')
    .helpOption('--help', 'print this help and exit')
    .addHelpText('after', OFFLINE_HELP)
    .allowExcessArguments(false)
    .configureOutput({
      outputError: (text, write) =>
        write(`state: ${text.trim().replace(/^error: /, '')}; state ${name} --help tells more\n`),
    })
    .exitOverride();
}

/** Runs the command; resolves to its exit code. */
export async function runOffline(
  command: Command,
  argv: readonly string[],
  { stderr }: Terminal,
  work: () => Promise<boolean>,
): Promise<number> {
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT_ALL_DONE : EXIT_WRONG_USAGE;
  }
  try {
    return (await work()) ? EXIT_ALL_DONE : EXIT_SOME_LEFT;
  } catch (error) {
    await print(stderr, `state: ${messageOf(error)}\n`);
    return isUsage(error) ? EXIT_WRONG_USAGE : EXIT_UNAVAILABLE;
  }
}

function isUsage(error: unknown): boolean {
  if (error instanceof ConfigError || error instanceof StartError) return true;
  return error instanceof StateStoreError && error.code === 'INVALID_ARGUMENT';
}
