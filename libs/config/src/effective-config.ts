import { stringify } from 'yaml';
import * as z from 'zod';
import { configSchema, type JobletConfig } from './config-schema.js';
import { isSection } from './known-keys.js';
import { socketPathBytesMax } from './limits.js';
import { isSecretKey, MASK, maskText } from './secrets.js';

/** The configuration with every default, as a nested YAML file; secrets are masked. */
export function effectiveConfig(config: JobletConfig): string {
  // Paths are absolute and all values are there, so that the places do not matter for writing.
  const schema = configSchema({
    baseDir: '/',
    folder: '/',
    hostName: '',
    ipcSocket: '/',
    socketBytesMax: socketPathBytesMax('linux'),
  });
  return stringify(masked(z.encode(schema, config)), { lineWidth: 0, aliasDuplicateObjects: false });
}

function masked(value: unknown, key = ''): unknown {
  if (value === '' || value === null || value === undefined) return value;
  if (isSecretKey(key)) return MASK;
  if (Array.isArray(value)) return value.map((item) => masked(item));
  if (isSection(value))
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, masked(child, name)]));
  return typeof value === 'string' ? maskText(value) : value;
}
