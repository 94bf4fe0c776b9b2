import { isSection } from './known-keys.js';

/** Environment variables that win over the file, and what they stand for. */
const OVERRIDES = [
  ['JOBLET_LOG_LEVEL', 'logging', 'level'],
  ['JOBLET_LOG_FORMAT', 'logging', 'format'],
  ['JOBLET_NODE_ID', 'server', 'nodeId'],
] as const;

/** A configuration with the environment's values in it. */
export interface Overridden {
  readonly nested: Record<string, unknown>;
  /** Dotted paths whose value an environment variable gives, and its name. */
  readonly overridden: ReadonlyMap<string, string>;
}

/** An empty variable counts as absent. */
export function withEnvironment(values: Record<string, unknown>, env: NodeJS.ProcessEnv): Overridden {
  const nested = { ...values };
  const overridden = new Map<string, string>();
  for (const [variable, sectionName, key] of OVERRIDES) {
    const value = env[variable];
    const section = nested[sectionName] ?? {};
    // What is no section is an error of the file; to put a key into it would hide that.
    if (value === undefined || value === '' || !isSection(section)) continue;
    nested[sectionName] = { ...section, [key]: value };
    overridden.set(`${sectionName}.${key}`, variable);
  }
  return { nested, overridden };
}
