import { STORAGE_TYPES } from './backend-names.js';
import { describe, type Fault } from './config-problems.js';
import { valueAt } from './known-keys.js';

/** The values that exist already, of keys that have others. */
const BUILT: readonly (readonly [path: string, ...values: (string | number | boolean)[]])[] = [
  ['persist.server.grpc_address', ''],
  ['persist.storage.retention.archive_before_delete', false],
  ['persist.monitoring.tracing.otlp_endpoint', ''],
  ['ipc.when_full', 'block', 'drop-newest'],
  ['ipc.protocol', 'auto', 'v1'],
];

/** What has no effect because nothing reads it yet. */
const UNREAD = [
  'persist.server.tls',
  'persist.ipc.read_buffer',
  'persist.ipc.write_buffer',
  'persist.storage.cloudwatch',
  'persist.storage.s3',
  'persist.storage.elasticsearch',
  'persist.storage.multi',
  'persist.writer.spool_max_mb',
  'ipc.spool_dir',
  'security',
];

/** For the documentation: what of a key exists. */
export function builtOf(path: string): string {
  if (path === 'persist.storage.type') return 'local, modules';
  const values = BUILT.find(([name]) => name === path)?.slice(1);
  if (values !== undefined) return values.map((value) => (value === '' ? '""' : String(value))).join(', ');
  return UNREAD.some((name) => path === name || path.startsWith(`${name}.`)) ? 'none' : 'all';
}

/** Stores that are planned; every other name is a module's. */
const STORES_NOT_BUILT: readonly string[] = STORAGE_TYPES.filter((name) => name !== 'local');

/**
 * What a file asks for that does not exist yet: to run as if it had asked for something else would be worse than not to
 * run. A wrong value is a fault of another kind.
 */
export function notBuiltFaults(known: unknown): Fault[] {
  const faults: Fault[] = [];
  const type = valueAt(known, ['persist', 'storage', 'type']);
  if (typeof type === 'string' && STORES_NOT_BUILT.includes(type)) {
    faults.push(fault('persist.storage.type', type, '"local", or the name or path of a module'));
  }
  for (const [path, ...built] of BUILT) {
    const value = valueAt(known, path.split('.'));
    const isBuilt = value === undefined || built.some((possible) => possible === value);
    if (!isBuilt) faults.push(fault(path, value, built.map((possible) => describe(possible)).join(' or ')));
  }
  return faults;
}

function fault(path: string, value: unknown, expected: string): Fault {
  return { path: path.split('.'), found: `${describe(value)}, which is not built yet`, expected };
}
