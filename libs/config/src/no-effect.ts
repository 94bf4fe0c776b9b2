import { STATE_BACKENDS, STORAGE_TYPES } from './backend-names.js';
import { placeOf, type ConfigWarning } from './config-error.js';
import type { Source } from './config-problems.js';
import { isSection, valueAt } from './known-keys.js';
import { nearestKey } from './nearest-key.js';
import { UNREAD } from './not-built.js';

const WRITER = 'persist.writer.';

/** Keys of `persist.writer` that tune what does not exist yet; every write is durable without. */
const LOG_KEYS = UNREAD.filter((path) => path.startsWith(WRITER)).map((path) => path.slice(WRITER.length));

/** What the file sets and what has no effect yet, because nothing is lost without. */
export function noEffectNotes(values: Record<string, unknown>): string[] {
  const notes: string[] = [];
  const limited = [['retention'], ['local', 'logs', 'rotation'], ['local', 'metrics', 'rotation']];
  if (limited.some((path) => isSection(valueAt(values, ['persist', 'storage', ...path])))) {
    notes.push('retention and rotation are not built yet: everything is kept');
  }
  const unused = LOG_KEYS.filter((key) => valueAt(values, ['persist', 'writer', key]) !== undefined);
  if (unused.length > 0) {
    notes.push(`the write-ahead log is not built yet: persist.writer.{${unused.join(', ')}} have no effect`);
  }
  return notes;
}

/** What the file sets and what never has an effect, or another one than was probably meant. */
export function noEffectWarnings(
  { file, document, layout }: Source,
  values: Record<string, unknown>,
): ConfigWarning[] {
  const warnings: ConfigWarning[] = [];
  const warn = (path: readonly string[], text: string): void => {
    const inFile = layout.inFile(path);
    const position = document.position(inFile);
    const name = inFile.join('.');
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
  for (const { typePath, optionsPath, names } of MODULES) {
    const type = valueAt(values, typePath);
    const isOurs = type === undefined || names.some((name) => name === type);
    if (isOurs && valueAt(values, optionsPath) !== undefined) {
      warn(optionsPath, `is ignored: it is for modules, and ${layout.inFile(typePath).join('.')} names none`);
    }
    const nearest = !isOurs && typeof type === 'string' ? nearestKey(type, names) : undefined;
    if (nearest !== undefined) {
      warn(typePath, `is taken as the name of a module: ${JSON.stringify(type)}, did you mean ${nearest}?`);
    }
  }
  return warnings;
}

const MODULES = [
  {
    typePath: ['persist', 'storage', 'type'],
    optionsPath: ['persist', 'storage', 'options'],
    names: STORAGE_TYPES,
  },
  { typePath: ['state', 'backend'], optionsPath: ['state', 'storage', 'options'], names: STATE_BACKENDS },
];
