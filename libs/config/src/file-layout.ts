import { isSection } from './known-keys.js';

/** How a file spells the configuration. */
export interface FileLayout {
  /** The file's values in the nested form. */
  readonly nested: Record<string, unknown>;
  /** The path in the file of a path in the nested form. */
  inFile(path: readonly string[]): readonly string[];
}

/** Sections of a nested file; a file without any of them is standalone. `joblet` is the daemon's own. */
const NESTED_ROOTS = ['persist', 'state', 'joblet'];

/** Root keys of a standalone file that are not persist's. */
const SHARED_ROOTS = ['logging', 'security', 'version'];

/** Keys of the daemon's `server` that a standalone file has beside those of persist's. */
const SHARED_SERVER_KEYS = ['nodeId', 'address', 'port'];

/**
 * Keys of the producer's `ipc`. A standalone file has one `ipc` for both, so that a file with `ipc` alone means what
 * it says either way; `socket` is persist's there, and so the producer's default.
 */
const PRODUCER_KEYS = [
  'enabled',
  'buffer_size',
  'reconnect_delay',
  'max_reconnects',
  'protocol',
  'when_full',
  'spool_dir',
];

/**
 * A nested file has a `persist` or `state` section. A standalone file is the persist section itself, with
 * `logging`, `security`, `server.nodeId` and the producer's keys beside it.
 */
export function fileLayout(root: Record<string, unknown>): FileLayout {
  if (NESTED_ROOTS.some((name) => name in root)) return { nested: root, inFile: (path) => path };

  const [nested, persist] = split(root, SHARED_ROOTS);
  if (isSection(root.server)) [nested.server, persist.server] = split(root.server, SHARED_SERVER_KEYS);
  if (isSection(root.ipc)) [nested.ipc, persist.ipc] = split(root.ipc, PRODUCER_KEYS);
  nested.persist = persist;
  return { nested, inFile: (path) => (path[0] === 'persist' ? path.slice(1) : path) };
}

/** The entries with the names, and the others. */
function split(
  section: Record<string, unknown>,
  names: readonly string[],
): [Record<string, unknown>, Record<string, unknown>] {
  const named: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(section)) (names.includes(key) ? named : others)[key] = value;
  return [named, others];
}
