import type { JobletConfig } from '@joblet/config';
import type { CliIo } from './cli-io.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import type { GlobalOptions } from './global-options.js';

/** The configuration of the services: the file that was named, or the one that they find themselves. */
export async function readServiceConfig(
  { config: file }: GlobalOptions,
  { env, cwd, homeDir }: CliIo,
): Promise<JobletConfig> {
  const { ConfigError, loadConfig } = await import('@joblet/config');
  try {
    return (await loadConfig({ file, env, cwd, homeDir })).config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(ExitCode.FAILED, `the configuration is wrong: ${error.message}`, { cause: error });
  }
}
