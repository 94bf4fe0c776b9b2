import type { JobletConfig } from './config-schema.js';
import { valueAt } from './known-keys.js';

/** A key whose value is valid, but whose feature does not exist yet. */
export interface NotBuilt {
  /** Dotted path in the nested form. */
  readonly path: string;
  readonly found: string;
  readonly message: string;
}

/** The values that exist already, of keys that have others. */
const BUILT: readonly (readonly [path: string, ...values: (string | number | boolean)[]])[] = [
  ['persist.server.grpc_address', ''],
  ['persist.storage.type', 'local'],
  ['persist.storage.local.logs.format', 'jsonl.gz'],
  ['persist.storage.local.logs.rotation.max_files', 0],
  ['persist.storage.local.metrics.format', 'jsonl.gz'],
  ['persist.storage.local.metrics.rotation.max_files', 0],
  ['persist.storage.compression.enabled', true],
  ['persist.storage.retention.archive_before_delete', false],
  ['persist.writer.sync', 'always'],
  ['persist.monitoring.tracing.otlp_endpoint', ''],
  ['ipc.when_full', 'block', 'drop-newest'],
  ['ipc.protocol', 'auto', 'v1'],
];

/**
 * What is configured but not built yet. A service exits with EXIT_CONFIG and names it, rather than run as if it had
 * been asked for something else; `ipc` concerns producers only.
 */
export function notBuilt(config: JobletConfig): readonly NotBuilt[] {
  return BUILT.flatMap(([path, ...built]) => {
    const value = valueAt(config, path.split('.'));
    if (built.some((known) => known === value)) return [];
    const instead = built.map((known) => (known === '' ? '""' : known)).join(' or ');
    return [{ path, found: String(value), message: `${path}: ${value} is not built yet, use ${instead}` }];
  });
}
