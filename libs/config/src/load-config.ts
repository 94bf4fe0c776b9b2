import { checkConfig, type CheckedConfig, type CheckOptions } from './check-config.js';
import { ConfigError } from './config-error.js';
import type { JobletConfig } from './config-schema.js';

export type LoadOptions = CheckOptions;

export interface LoadedConfig extends Omit<CheckedConfig, 'problems'> {
  readonly config: JobletConfig;
}

/** Finds, reads and checks the configuration. Rejects with ConfigError, which has everything that is wrong. */
export async function loadConfig(options: LoadOptions = {}): Promise<LoadedConfig> {
  const { config, problems, ...checked } = await checkConfig(options);
  if (config === undefined) throw new ConfigError(problems, { warnings: checked.warnings });
  return { ...checked, config };
}
