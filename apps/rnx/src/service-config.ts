import type { JobletConfig, LoadedConfig } from '@joblet/config';
import type { CliIo } from './cli-io.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import type { GlobalOptions } from './global-options.js';

/** The configuration of the services: the file that was named, or the one that they find themselves. */
export async function readServiceConfig(options: GlobalOptions, io: CliIo): Promise<JobletConfig> {
  return (await loadServiceConfig(options, io)).config;
}

/** The state service's socket and this machine's name; whether the configuration says anything of that service. */
export async function stateConfig(
  options: GlobalOptions,
  io: CliIo,
): Promise<{ readonly socketPath: string; readonly nodeId: string; readonly isGiven: boolean }> {
  const { config, sections } = await loadServiceConfig(options, io);
  return {
    socketPath: config.state.socket,
    nodeId: config.server.nodeId,
    isGiven: sections.includes('state'),
  };
}

/** What the configuration tells producers to do that they cannot do yet, a line for each. */
export async function producerConfig(
  options: GlobalOptions,
  io: CliIo,
): Promise<{ readonly ipc: JobletConfig['ipc']; readonly notBuilt: readonly string[] }> {
  const { problemLine } = await import('@joblet/config');
  const { config, notBuilt } = await loadServiceConfig(options, io);
  const ofProducers = notBuilt.filter(({ path }) => /^ipc\b/.test(path));
  return { ipc: config.ipc, notBuilt: ofProducers.map(problemLine) };
}

async function loadServiceConfig(
  { config: file }: GlobalOptions,
  { env, cwd, homeDir }: CliIo,
): Promise<LoadedConfig> {
  const { ConfigError, loadConfig } = await import('@joblet/config');
  try {
    return await loadConfig({ file, env, cwd, homeDir });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandError(ExitCode.FAILED, `the configuration is wrong: ${error.message}`, { cause: error });
  }
}
