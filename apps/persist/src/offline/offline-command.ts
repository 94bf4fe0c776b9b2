import { ConfigError } from '@joblet/config';
import { messageOf } from '@joblet/service';
import { StorageError } from '@joblet/storage';
import { Command, CommanderError } from 'commander';
import { EXIT_ALL_RIGHT, EXIT_DAMAGED, EXIT_UNAVAILABLE, EXIT_WRONG_USAGE } from './exit-codes.js';
import { print, shown, type Terminal } from './terminal.js';

/** What both commands have in common: how they are called wrongly, and what they say of it. */
export function offlineCommand(name: string, about: string): Command {
  return new Command(`persist ${name}`)
    .description(about)
    .helpOption('--help', 'print this help and exit')
    .allowExcessArguments(false)
    .configureOutput({
      outputError: (text, write) =>
        write(`persist: ${text.trim().replace(/^error: /, '')}; persist ${name} --help tells more\n`),
    })
    .exitOverride();
}

/** Runs the command; resolves to its exit code. */
export async function runOffline(
  command: Command,
  argv: readonly string[],
  { stderr }: Terminal,
  work: () => Promise<number>,
): Promise<number> {
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT_ALL_RIGHT : EXIT_WRONG_USAGE;
  }
  try {
    return await work();
  } catch (error) {
    // Whoever reads has had enough; stdout's own listener has told it.
    if (error instanceof Error && 'code' in error && error.code === 'EPIPE') return EXIT_DAMAGED;
    await print(stderr, `persist: ${messageOf(error).split('\n').map(shown).join('\n')}\n`);
    const isUsage = error instanceof StorageError && error.code === 'INVALID_ARGUMENT';
    return isUsage || error instanceof ConfigError ? EXIT_WRONG_USAGE : EXIT_UNAVAILABLE;
  }
}
