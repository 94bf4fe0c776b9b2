import { instantOf } from './instant.js';
import type { FieldType, KnownField } from './known-fields.js';
import { StateStoreError } from './state-store-error.js';

const INT64_MAX = 2n ** 63n - 1n;
const INT32_MAX = 2 ** 31 - 1;
const UINT32_MAX = 2 ** 32 - 1;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

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
    case 'int32':
      return isInt64(text) && isInt32(value);
    case 'int64':
      return isInt64(text);
    case 'time':
      return typeof value === 'string' && instantOf(value) !== undefined;
    case 'list of strings':
      return Array.isArray(value) && value.every((item) => item === null || typeof item === 'string');
    case 'list of int32':
      // 1.0 and 1e1 are none for Go.
      return (
        Array.isArray(value) && !/[.eE]/.test(text) && value.every((item) => item === null || isInt32(item))
      );
    case 'list of uploads':
      return Array.isArray(value) && value.every((item) => item === null || isUpload(item));
    case 'object of strings':
      return (
        isObject(value) && Object.values(value).every((item) => item === null || typeof item === 'string')
      );
    case 'object':
      return isObject(value);
  }
}

function isInt32(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= -INT32_MAX - 1 && Number(value) <= INT32_MAX;
}

/** Keys in whatever case; those that it has besides are kept as they are. */
function isUpload(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.entries(value).every(([key, item]) => item === null || isUploadField(key.toLowerCase(), item))
  );
}

function isUploadField(key: string, value: unknown): boolean {
  switch (key) {
    case 'path':
      return typeof value === 'string';
    case 'content':
      return isBase64(value);
    case 'mode':
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= UINT32_MAX;
    case 'isdirectory':
      return typeof value === 'boolean';
    case 'size':
      return Number.isInteger(value) && Math.abs(Number(value)) <= Number(INT64_MAX);
    default:
      return true;
  }
}

/** As Go takes it: with its padding; line ends do not count. */
function isBase64(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const digits = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value;
  return digits.length % 4 === 0 && BASE64.test(digits);
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
  if (type === 'list of uploads')
    return 'a list of uploads: path, content in base64, mode, isDirectory, size';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}
