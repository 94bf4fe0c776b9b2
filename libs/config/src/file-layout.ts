import { isSection } from './known-keys.js';

/** How a file spells the configuration. */
export interface FileLayout {
  /** The file's values in the nested form. */
  readonly nested: Record<string, unknown>;
  readonly isStandalone: boolean;
  /** The path in the file of a path in the nested form. */
  inFile(path: readonly string[]): readonly string[];
}

/** Sections of the Joblet daemon that nothing of ours is called like. */
export const DAEMON_SECTIONS = [
  'joblet',
  'cgroup',
  'filesystem',
  'grpc',
  'network',
  'buffers',
  'volumes',
  'runtime',
  'gpu',
  'telemetry',
];

/** A file with any of these is nested; any other is standalone. */
export const NESTED_ROOTS = ['persist', 'state', ...DAEMON_SECTIONS];

/** Root keys of a standalone file that are not persist's. */
const SHARED_ROOTS = ['logging', 'security', 'version'];

/** Keys of the daemon's `server` that a standalone file has beside those of persist's. */
export const SHARED_SERVER_KEYS = ['nodeId', 'address', 'port'];

/**
 * Keys of the producer's `ipc`. A standalone file has one `ipc` for both, so that a file with `ipc` alone means what
 * it says either way; `socket` is persist's there, and so the producer's default.
 */
export const PRODUCER_KEYS = [
  'enabled',
  'buffer_size',
  'reconnect_delay',
  'max_reconnects',
  'protocol',
  'when_full',
  'spool_dir',
];

/**
 * A nested file has `persist`, `state` or a section of the daemon's. A standalone file is the persist section itself,
 * with `logging`, `security`, `server.nodeId` and the producer's keys beside it.
 */
export function fileLayout(root: Record<string, unknown>): FileLayout {
  if (NESTED_ROOTS.some((name) => Object.hasOwn(root, name))) {
    return { nested: root, isStandalone: false, inFile: (path) => path };
  }

  const [nested, persist] = split(root, SHARED_ROOTS);
  if (isSection(root.server)) [nested.server, persist.server] = split(root.server, SHARED_SERVER_KEYS);
  if (isSection(root.ipc)) [nested.ipc, persist.ipc] = split(root.ipc, PRODUCER_KEYS);
  nested.persist = persist;
  return {
    nested,
    isStandalone: true,
    inFile: (path) => (path[0] === 'persist' ? path.slice(1) : path),
  };
}

/** The entries with the names, and the others. */
function split(
  section: Record<string, unknown>,
  names: readonly string[],
): [Record<string, unknown>, Record<string, unknown>] {
  const entries = Object.entries(section);
  return [
    Object.fromEntries(entries.filter(([key]) => names.includes(key))),
    Object.fromEntries(entries.filter(([key]) => !names.includes(key))),
  ];
}
