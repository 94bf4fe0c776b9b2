import * as z from 'zod';

/**
 * What the schema can check: a copy of `value` without keys that the schema does not have, with every section that is
 * absent as an empty one, and without empty keys. `key:` counts as absent, so that a section whose keys are all
 * commented out gets its defaults. What is no section is left for the schema. `unknown` gets the paths of what was left
 * out.
 */
export function withKnownKeys(
  schema: z.core.$ZodType,
  value: unknown,
  unknown: (readonly string[])[],
  path: readonly string[] = [],
): unknown {
  if (!(schema instanceof z.ZodObject) || !isSection(value)) return value;
  for (const key of Object.keys(value)) if (!Object.hasOwn(schema.shape, key)) unknown.push([...path, key]);
  const copy: Record<string, unknown> = {};
  for (const [key, child] of Object.entries<z.core.$ZodType>(schema.shape)) {
    const given = Object.hasOwn(value, key) ? value[key] : undefined;
    const isAbsent = given === undefined || given === null;
    if (!isAbsent || child instanceof z.ZodObject) {
      copy[key] = withKnownKeys(child, isAbsent ? {} : given, unknown, [...path, key]);
    }
  }
  return copy;
}

/** The paths of all keys of the schema, sections included. */
export function keyPaths(schema: z.core.$ZodType, path: readonly string[] = []): (readonly string[])[] {
  if (!(schema instanceof z.ZodObject)) return [path];
  const below = Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, child]) =>
    keyPaths(child, [...path, key]),
  );
  return path.length === 0 ? below : [path, ...below];
}

export function isSection(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** undefined when there is nothing at the path; an empty key counts as nothing. */
export function valueAt(root: unknown, path: readonly string[]): unknown {
  const found = path.reduce<unknown>(
    (value, key) => (isSection(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    root,
  );
  return found ?? undefined;
}
