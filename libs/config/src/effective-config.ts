import { stringify } from 'yaml';
import * as z from 'zod';
import { configSchema, type JobletConfig } from './config-schema.js';
import { isSection } from './known-keys.js';
import { socketPathBytesMax } from './limits.js';
import { isSecretKey, MASK, maskKey, maskText } from './secrets.js';

/** The configuration with every default, as a nested YAML file; secrets are masked. */
export function effectiveConfig(config: JobletConfig): string {
  return stringify(effectiveValues(config), { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The same as values, each as a file would have it. */
export function effectiveValues(config: JobletConfig): Record<string, unknown> {
  // Paths are absolute and all values are there, so that the places do not matter for writing.
  const schema = configSchema({
    baseDir: '/',
    folder: '/',
    hostName: '',
    persistSocket: '/',
    producerSocket: '/',
    socketBytesMax: socketPathBytesMax('linux'),
  });
  return maskedSection(z.encode(schema, config));
}

function maskedSection(section: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(section).map(([name, child]) => [maskKey(name), masked(child, name)]),
  );
}

function masked(value: unknown, key = ''): unknown {
  if (value === '' || value === null || value === undefined) return value;
  if (isSecretKey(key)) return MASK;
  if (Array.isArray(value)) return value.map((item) => masked(item));
  if (isSection(value)) return maskedSection(value);
  return typeof value === 'string' ? maskText(value) : value;
}
