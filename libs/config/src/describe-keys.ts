import { SYSTEM_BASE_DIR } from './default-places.js';
import { keysJsonSchema, propertiesOf, type JsonSchema } from './json-schema.js';
import { builtOf } from './not-built.js';

/** What there is to say about a key. */
export interface KeyDescription {
  readonly path: readonly string[];
  /** What it means. */
  readonly about: string;
  /** What it may be; empty for a section whose keys follow. */
  readonly allowed: string;
  readonly unit: string;
  /** As a file would have it, or in words; empty: none. `{base_dir}` stands for persist.storage.base_dir. */
  readonly byDefault: string;
  /** What of it exists: `all`, `none`, or the values that do. */
  readonly built: string;
}

/** All keys and sections, each section before its keys. */
export function describeKeys(): readonly KeyDescription[] {
  return describeBelow(keysJsonSchema('{base_dir}'), []);
}

function describeBelow(schema: JsonSchema, path: readonly string[]): KeyDescription[] {
  return Object.entries(propertiesOf(schema)).flatMap(([key, child]) => {
    const childPath = [...path, key];
    const isSection = child.properties !== undefined;
    const description: KeyDescription = {
      path: childPath,
      about: textOf(child.description),
      allowed: isSection ? '' : allowedBy(child),
      unit: textOf(child.unit),
      byDefault: defaultOf(childPath.join('.'), child.default),
      built: builtOf(childPath.join('.')),
    };
    return [description, ...describeBelow(child, childPath)];
  });
}

/** Defaults that depend on the machine, in words. */
const DEFAULTS: Partial<Record<string, string>> = {
  'server.nodeId': 'the host name',
  'persist.storage.base_dir': SYSTEM_BASE_DIR,
};

function defaultOf(path: string, value: unknown): string {
  return DEFAULTS[path] ?? (value === undefined ? '' : JSON.stringify(value));
}

function allowedBy({ kind, enum: values, type, minimum, maximum }: JsonSchema): string {
  if (typeof kind === 'string') return kind;
  if (Array.isArray(values)) {
    const names = values.map((value) => (value === '' ? '""' : String(value)));
    return names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
  }
  if (type === 'integer') return `whole number, ${minimum} to ${maximum}`;
  if (type === 'boolean') return 'true or false';
  return type === 'object' ? 'keys and values' : 'text';
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
