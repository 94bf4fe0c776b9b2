import { isSection } from '../known-keys.js';

type Rule = (expected: unknown, value: unknown, root: unknown, schema: Record<string, unknown>) => boolean;

const ignored: Rule = () => true;

/** What of draft 2020-12 the schema of the configuration uses. */
const RULES: Readonly<Record<string, Rule>> = {
  $schema: ignored,
  $defs: ignored,
  title: ignored,
  description: ignored,
  default: ignored,
  then: ignored,
  else: ignored,
  $ref: (ref, value, root) => isValid(resolve(root, String(ref)), value, root),
  type: (types, value) => [types].flat().some((type) => isOfType(value, type)),
  enum: (values, value) => Array.isArray(values) && values.includes(value),
  const: (expected, value) => value === expected,
  minimum: (limit, value) => typeof value !== 'number' || value >= Number(limit),
  maximum: (limit, value) => typeof value !== 'number' || value <= Number(limit),
  minLength: (limit, value) => typeof value !== 'string' || value.length >= Number(limit),
  maxLength: (limit, value) => typeof value !== 'string' || value.length <= Number(limit),
  pattern: (pattern, value) => typeof value !== 'string' || new RegExp(String(pattern), 'u').test(value),
  allOf: (schemas, value, root) =>
    Array.isArray(schemas) && schemas.every((schema) => isValid(schema, value, root)),
  anyOf: (schemas, value, root) =>
    Array.isArray(schemas) && schemas.some((schema) => isValid(schema, value, root)),
  items: (schema, value, root) => !Array.isArray(value) || value.every((item) => isValid(schema, item, root)),
  required: (names, value) =>
    !isSection(value) || (Array.isArray(names) && names.every((name) => Object.hasOwn(value, String(name)))),
  if: (condition, value, root, schema) => {
    const branch = isValid(condition, value, root) ? schema.then : schema.else;
    return branch === undefined || isValid(branch, value, root);
  },
  properties: (properties, value, root) =>
    !isSection(value) ||
    !isSection(properties) ||
    Object.entries(value).every(
      ([key, child]) => !Object.hasOwn(properties, key) || isValid(properties[key], child, root),
    ),
  patternProperties: ignored,
  additionalProperties: (additional, value, root, { properties, patternProperties }) => {
    if (!isSection(value)) return true;
    const names = isSection(properties) ? Object.keys(properties) : [];
    const patterns = isSection(patternProperties) ? Object.keys(patternProperties) : [];
    return Object.entries(value).every(
      ([key, child]) =>
        names.includes(key) ||
        patterns.some((pattern) => new RegExp(pattern, 'u').test(key)) ||
        isValid(additional, child, root),
    );
  },
};

/** Whether the value is as the JSON Schema says; throws for what is not in RULES. */
export function isValid(schema: unknown, value: unknown, root = schema): boolean {
  if (typeof schema === 'boolean') return schema;
  if (!isSection(schema)) throw new Error(`no schema: ${JSON.stringify(schema)}`);
  return Object.entries(schema).every(([keyword, expected]) => {
    if (!Object.hasOwn(RULES, keyword)) throw new Error(`unknown keyword ${keyword}`);
    return RULES[keyword](expected, value, root, schema);
  });
}

function isOfType(value: unknown, type: unknown): boolean {
  if (type === 'null') return value === null;
  if (type === 'object') return isSection(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

function resolve(root: unknown, ref: string): unknown {
  return ref
    .slice(2)
    .split('/')
    .reduce<unknown>((value, key) => (isSection(value) ? value[key] : undefined), root);
}
