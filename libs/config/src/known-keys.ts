import * as z from 'zod';
import { nearestKey } from './nearest-key.js';

/** A key that the schema does not have. */
export interface UnknownKey {
  readonly path: readonly string[];
  /** A key of the same section that is spelled alike. */
  readonly nearest: string | undefined;
}

/**
 * A copy of `value` without keys that the schema does not have, and without empty ones: `key:` counts as absent, so
 * that a section whose keys are all commented out gets its defaults. What is no section is left for the schema.
 */
export function withKnownKeys(
  schema: z.core.$ZodType,
  value: unknown,
  unknown: UnknownKey[],
  path: readonly string[] = [],
): unknown {
  const section = unwrap(schema);
  if (!(section instanceof z.ZodObject) || !isSection(value)) return value;
  const known = Object.keys(section.shape);
  const copy: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const childPath = [...path, key];
    if (!known.includes(key)) unknown.push({ path: childPath, nearest: nearestKey(key, known) });
    else if (child !== null) copy[key] = withKnownKeys(section.shape[key], child, unknown, childPath);
  }
  return copy;
}

export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** undefined when there is nothing at the path. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isSection(value) ? value[key] : undefined), root);
}

function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let inner = schema;
  while (inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) inner = inner.unwrap();
  return inner;
}
