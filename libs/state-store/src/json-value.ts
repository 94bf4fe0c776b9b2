import { LosslessNumber, parse, stringify } from 'lossless-json';

/** What JSON can say. A number that a double cannot hold comes as LosslessNumber, and may be given as bigint. */
export type JsonValue =
  | null
  | boolean
  | string
  | number
  | bigint
  | LosslessNumber
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined };

/** A number with 16 digits or an exponent may be more than a double holds; a string that looks like one does no harm. */
const MAY_NEED_CARE = /(?:^|[:,[])\s*-?(?:\d[\d.]{15}|\d[\d.]*[eE])/;

/**
 * JSON.parse for JSON in which a number may be beyond a double: such numbers come as LosslessNumber, all others as
 * numbers. Throws SyntaxError.
 */
export function parseJson(text: string): JsonValue {
  if (!MAY_NEED_CARE.test(text)) return JSON.parse(text) as JsonValue;
  return parse(text, null, numberOf) as JsonValue;
}

/** JSON.stringify that also takes bigint and LosslessNumber. */
export function stringifyJson(value: JsonValue): string {
  return stringify(value) ?? 'null';
}

function numberOf(text: string): number | LosslessNumber {
  const number = Number(text);
  return String(number) === text ? number : new LosslessNumber(text);
}
