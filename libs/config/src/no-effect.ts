import { resolve } from 'node:path';
import { STATE_BACKENDS, STORAGE_TYPES } from './backend-names.js';
import { placeOf, type ConfigWarning } from './config-error.js';
import { describe, type Source } from './config-problems.js';
import { isPath } from './fields.js';
import { isSection, valueAt } from './known-keys.js';
import { nearestKey } from './nearest-key.js';
import { shownPath } from './printable.js';

/** Keys that tune what does not exist yet, and sections of such keys. */
const TUNING = [
  'persist.ipc.read_buffer',
  'persist.ipc.write_buffer',
  'persist.server.tls',
  'persist.storage.local.logs.rotation.compress_rotated',
  'persist.storage.local.metrics.rotation.compress_rotated',
  'persist.writer.spool_max_mb',
  'ipc.spool_dir',
];

/** What the file sets and what has no effect yet, because nothing is lost without. `known` has the paths of all keys. */
export function noEffectNotes({ layout }: Source, known: readonly (readonly string[])[]): string[] {
  const values = layout.nested;
  const notes: string[] = [];
  // With an address, the address is what is not built.
  const hasAddress = (valueAt(values, ['persist', 'server', 'grpc_address']) ?? '') !== '';
  const tuning = known.filter((path) => {
    const name = path.join('.');
    if (!TUNING.some((start) => name === start || name.startsWith(`${start}.`))) return false;
    if (hasAddress && name.startsWith('persist.server.tls')) return false;
    const value = valueAt(values, path);
    return value !== undefined && !isSection(value);
  });
  if (tuning.length > 0) {
    const names = tuning.map((path) => layout.inFile(path).join('.')).join(', ');
    notes.push(`not built yet, without effect: ${names}`);
  }
  return notes;
}

/** What the file sets and what never has an effect, or another one than was probably meant. */
export function noEffectWarnings({ file, document, layout }: Source, folder: string): ConfigWarning[] {
  const values = layout.nested;
  const warnings: ConfigWarning[] = [];
  const warn = (path: readonly string[], text: string): void => {
    const inFile = layout.inFile(path);
    const position = document.position(inFile);
    const name = shownPath(inFile);
    warnings.push({
      file,
      path: name,
      ...(position && { position }),
      message: `${placeOf(file, position)}: ${name} ${text}`,
    });
  };

  const prefix = ['persist', 'storage', 'cloudwatch', 'log_stream_prefix'];
  if (valueAt(values, prefix) !== undefined) {
    warn(prefix, 'is deprecated and ignored: streams are named {jobId}-{stream}');
  }
  const sockets = [PRODUCER_SOCKET, PERSIST_SOCKET].flatMap((path) => {
    const value = valueAt(values, path);
    return typeof value === 'string' && isPath(value) ? [resolve(folder, value)] : [];
  });
  if (sockets.length === 2 && sockets[0] !== sockets[1]) {
    warn(
      PRODUCER_SOCKET,
      `is another path than ${PERSIST_SOCKET.join('.')}: what sends to the one does not reach persist`,
    );
  }
  for (const { typePath, optionsPath, names } of MODULES) {
    const type = valueAt(values, typePath);
    const isOurs = type === undefined || names.some((name) => name === type);
    if (isOurs && valueAt(values, optionsPath) !== undefined) {
      warn(optionsPath, `is ignored: it is for modules, and ${layout.inFile(typePath).join('.')} names none`);
    }
    const nearest = !isOurs && typeof type === 'string' ? nearestKey(type, names) : undefined;
    if (nearest !== undefined) {
      warn(typePath, `is taken as the name of a module: ${describe(type)}, did you mean ${nearest}?`);
    }
  }
  return warnings;
}

const PRODUCER_SOCKET = ['ipc', 'socket'];
const PERSIST_SOCKET = ['persist', 'ipc', 'socket'];

const MODULES = [
  {
    typePath: ['persist', 'storage', 'type'],
    optionsPath: ['persist', 'storage', 'options'],
    names: STORAGE_TYPES,
  },
  { typePath: ['state', 'backend'], optionsPath: ['state', 'storage', 'options'], names: STATE_BACKENDS },
];
