import { DEPTH_MAX } from './limits.js';
import { StateStoreError } from './state-store-error.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

/**
 * The members of a JSON object: each key with the text of its value, as it stands there. A key that is there twice has
 * the last value, as with JSON.parse. `text` is valid JSON of an object. Nothing within a value is looked at, so that
 * numbers of any size, the order of keys and every escape stay what they are. INVALID_JSON beyond DEPTH_MAX.
 */
export function jsonMembers(text: string): Map<string, string> {
  const members = new Map<string, string>();
  scanObject(text, 0, (name, start) => {
    const end = valueEnd(text, start);
    members.delete(name);
    members.set(name, text.slice(start, end));
    return end;
  });
  return members;
}

/**
 * Goes through the members of the object that starts at `from`, or behind blanks there, and gives where it ends.
 * `onMember` gets where each value starts, and gives where it ends: mostly `valueEnd`. `keys` are those that JSON.parse
 * has found: mostly they stand there in the same order, and V8 looks a key that it has seen up at half the cost.
 */
export function scanObject(
  text: string,
  from: number,
  onMember: (name: string, start: number) => number,
  keys: readonly string[] = [],
): number {
  let at = skipBlanks(text, text.indexOf('{', from) + 1);
  for (let index = 0; text.charCodeAt(at) === QUOTE; index++) {
    let key: string | undefined = keys[index];
    if (key !== undefined && isKeyAt(text, at, key)) {
      at = skipBlanks(text, at + key.length + 2);
    } else {
      const keyEnd = stringEnd(text, at);
      key = text.slice(at + 1, keyEnd - 1);
      if (key.includes('\\')) key = JSON.parse(`"${key}"`) as string;
      at = skipBlanks(text, keyEnd);
    }
    if (text.charCodeAt(at) !== COLON) throw notAnObject(at);
    at = skipBlanks(text, at + 1);
    at = skipBlanks(text, onMember(key, at));
    if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1);
  }
  return at + 1;
}

/** Whether the key stands there, as it is. */
function isKeyAt(text: string, at: number, key: string): boolean {
  const end = at + 1 + key.length;
  return text.charCodeAt(end) === QUOTE && text.startsWith(key, at + 1) && !key.includes('\\');
}

/** The texts of the elements of a valid JSON array. */
export function jsonElements(text: string): string[] {
  const elements: string[] = [];
  let at = skipBlanks(text, text.indexOf('[') + 1);
  while (at < text.length && text[at] !== ']') {
    const end = valueEnd(text, at);
    if (end === at) throw notAnObject(at);
    elements.push(text.slice(at, end));
    at = skipBlanks(text, end);
    if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1);
  }
  return elements;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++;
  return at;
}

/** Behind the closing quote of the string that starts at `from`. */
function stringEnd(text: string, from: number): number {
  for (let quote = text.indexOf('"', from + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
  }
  throw notAnObject(from);
}

/** Behind the value that starts at `from`. */
export function valueEnd(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = stringEnd(text, at);
    else if (isOpening(unit)) {
      if (++depth > DEPTH_MAX)
        throw new StateStoreError('INVALID_JSON', `the job is nested deeper than ${DEPTH_MAX}`);
      at++;
    } else if (isClosing(unit)) {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0 && (unit === COMMA || unit <= 0x20)) {
      return at;
    } else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return at;
}

/** `[` and `{`. */
function isOpening(unit: number): boolean {
  return (unit | 0x20) === 0x7b;
}

/** `]` and `}`. */
function isClosing(unit: number): boolean {
  return (unit | 0x20) === 0x7d;
}

function notAnObject(at: number): StateStoreError {
  return new StateStoreError('INVALID_JSON', `no JSON at character ${at}`);
}
