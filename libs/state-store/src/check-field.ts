import { instantOf } from './instant.js';
import type { FieldType, KnownField } from './known-fields.js';
import { StateStoreError } from './state-store-error.js';

const INT64_MAX = 2n ** 63n - 1n;

/**
 * Throws INVALID_JSON unless the value has the field's type, or is null: the Go client could not read a single job of
 * a list with such a one in it. The text is the value's JSON, for numbers that a double does not hold.
 */
export function checkField(field: KnownField, value: unknown, text: string): void {
  if (value === null || isOfType(field.type, value, text)) return;
  // Its value may be a secret.
  throw new StateStoreError(
    'INVALID_JSON',
    `job.${field.name} is ${describe(value)}; expected ${describeType(field.type)}`,
  );
}

function isOfType(type: FieldType, value: unknown, text: string): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
      return isInt64(text);
    case 'time':
      return typeof value === 'string' && instantOf(value) !== undefined;
    case 'list of strings':
      return Array.isArray(value) && value.every((item) => item === null || typeof item === 'string');
    case 'list of integers':
      return Array.isArray(value) && value.every((item) => item === null || Number.isInteger(item));
    case 'list of objects':
      return Array.isArray(value) && value.every((item) => item === null || isObject(item));
    case 'object of strings':
      return (
        isObject(value) && Object.values(value).every((item) => item === null || typeof item === 'string')
      );
    case 'object':
      return isObject(value);
  }
}

function isInt64(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  if (text.length < 19) return true;
  const number = BigInt(text);
  return number <= INT64_MAX && number >= -INT64_MAX - 1n;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function describeType(type: FieldType): string {
  if (type === 'time') return 'a time in RFC 3339';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
