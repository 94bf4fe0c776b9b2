import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { parseJson, type JsonValue } from '@joblet/state-store';
import {
  ATTRIBUTE_DEPTH_MAX,
  NUMBER_DIGITS_MAX,
  NUMBER_EXPONENT_MAX,
  NUMBER_EXPONENT_MIN,
} from './limits.js';

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The attribute value that says what the JSON says; undefined when none does: a number beyond DynamoDB's, half a surrogate
 * pair, too deep, a key that it has no place for.
 */
export function attributeOf(json: string): AttributeValue | undefined {
  let value: JsonValue;
  try {
    value = parseJson(json);
  } catch (error) {
    // Nested deeper than the parser's stack: then too deep for an attribute as well.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
  return fromValue(value, 1);
}

/** The JSON of an attribute value: bytes in base64, sets as lists. */
export function jsonOf(value: AttributeValue): string {
  if (value.S !== undefined) return JSON.stringify(value.S);
  if (value.N !== undefined) return numberJson(value.N);
  if (value.BOOL !== undefined) return String(value.BOOL);
  if (value.L !== undefined) return `[${value.L.map(jsonOf).join(',')}]`;
  if (value.M !== undefined)
    return `{${Object.entries(value.M)
      .map(([key, member]) => `${JSON.stringify(key)}:${jsonOf(member)}`)
      .join(',')}}`;
  if (value.SS !== undefined) return JSON.stringify(value.SS);
  if (value.NS !== undefined) return `[${value.NS.map(numberJson).join(',')}]`;
  if (value.B !== undefined) return JSON.stringify(base64(value.B));
  if (value.BS !== undefined) return JSON.stringify(value.BS.map(base64));
  return 'null';
}

/** Whether they say the same: the order of keys and the digits of numbers are DynamoDB's. */
export function isSameValue(a: AttributeValue, b: AttributeValue): boolean {
  if (a.N !== undefined && b.N !== undefined) return canonicalNumber(a.N) === canonicalNumber(b.N);
  if (a.L !== undefined && b.L !== undefined) return isSameList(a.L, b.L);
  if (a.M !== undefined && b.M !== undefined) return isSameMap(a.M, b.M);
  return jsonOf(a) === jsonOf(b) && typeOf(a) === typeOf(b);
}

function isSameList(a: readonly AttributeValue[], b: readonly AttributeValue[]): boolean {
  return a.length === b.length && a.every((value, index) => isSameValue(value, b[index]));
}

function isSameMap(a: Record<string, AttributeValue>, b: Record<string, AttributeValue>): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSameValue(a[key], b[key]))
  );
}

function fromValue(value: JsonValue, depth: number): AttributeValue | undefined {
  if (depth > ATTRIBUTE_DEPTH_MAX) return undefined;
  if (value === null) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'string') return /\p{Surrogate}/u.test(value) ? undefined : { S: value };
  if (Array.isArray(value)) return fromList(value, depth);
  if (isNumber(value)) return fromNumber(String(value));
  return fromObject(value as { readonly [key: string]: JsonValue }, depth);
}

function fromList(values: readonly JsonValue[], depth: number): AttributeValue | undefined {
  const L: AttributeValue[] = [];
  for (const value of values) {
    const item = fromValue(value, depth + 1);
    if (item === undefined) return undefined;
    L.push(item);
  }
  return { L };
}

function fromObject(
  object: { readonly [key: string]: JsonValue },
  depth: number,
): AttributeValue | undefined {
  const M: Record<string, AttributeValue> = {};
  for (const [key, value] of Object.entries(object)) {
    // DynamoDB has no empty names, and the SDK makes a prototype of the other one.
    if (key === '' || key === '__proto__' || /\p{Surrogate}/u.test(key)) return undefined;
    const member = fromValue(value, depth + 1);
    if (member === undefined) return undefined;
    M[key] = member;
  }
  return { M };
}

function fromNumber(text: string): AttributeValue | undefined {
  const { digits, exponent } = numberParts(text);
  const magnitude = digits.length + exponent - 1;
  const fits =
    digits.length <= NUMBER_DIGITS_MAX &&
    (digits === '' || (magnitude <= NUMBER_EXPONENT_MAX && magnitude >= NUMBER_EXPONENT_MIN));
  return fits ? { N: text } : undefined;
}

/** Of a number that is written in whatever way. */
function canonicalNumber(text: string): string {
  const { sign, digits, exponent } = numberParts(text);
  return digits === '' ? '0' : `${sign}${digits}e${exponent}`;
}

/** The number is digits · 10^exponent; the digits have no zeros at either end, and are empty for zero. */
function numberParts(text: string): { sign: string; digits: string; exponent: number } {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = NUMBER.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return { sign, digits, exponent: Number(exponent) - fraction.length + all.length - digits.length };
}

function isNumber(value: JsonValue): boolean {
  return (
    typeof value === 'number' ||
    typeof value === 'bigint' ||
    (typeof value === 'object' && value !== null && 'isLosslessNumber' in value)
  );
}

function numberJson(text: string): string {
  return JSON_NUMBER.test(text) ? text : JSON.stringify(text);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** S, N, … */
function typeOf(value: AttributeValue): string | undefined {
  return Object.entries(value).find(([, content]) => content !== undefined)?.[0];
}
