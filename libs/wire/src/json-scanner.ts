import { parseDigits } from './decimal.js';
import { int64FromHalves, uint64FromHalves } from './int64.js';
import type { JsonKeys } from './json-keys.js';
import { unescapeText } from './json-text.js';
import { JsonTokens } from './json-tokens.js';
import { JSON_DEPTH_MAX, JSON_NUMBER_LENGTH_MAX, JSON_STRING_BYTES_MAX } from './limits.js';
import { sharedString, utf8String } from './utf8.js';

const QUOTE = 0x22;
const MINUS = 0x2d;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const LOWER_N = 0x6e;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Reads the values of a JSON object whose shape is known, without making strings or doubles of what is neither. */
export class JsonScanner extends JsonTokens {
  /** Reads `bytes[start, end)` as one object with nothing behind it; `member` reads the value of each key it knows. */
  document<Target>(
    bytes: Uint8Array,
    start: number,
    end: number,
    keys: JsonKeys,
    target: Target,
    member: (target: Target, key: string) => void,
  ): void {
    this.reset(bytes, start, end);
    this.key = 'row';
    try {
      this.object(keys, target, member);
      this.finish();
    } finally {
      this.release();
    }
  }

  /** A key with the value null is as good as absent. */
  object<Target>(keys: JsonKeys, target: Target, member: (target: Target, key: string) => void): void {
    this.expect(OPEN_BRACE, 'an object');
    if (this.closes(CLOSE_BRACE)) return;
    do {
      const key = this.objectKey(keys);
      this.key = key || 'unknown key';
      if (this.next() === LOWER_N) this.literal('null');
      else if (key === '') this.skipValue(1);
      else member(target, key);
    } while (this.another(CLOSE_BRACE));
  }

  int32(): number {
    this.next();
    const from = this.pos;
    const value = this.int64();
    if (value >= -0x8000_0000n && value <= 0x7fff_ffffn) return Number(value);
    this.pos = from;
    throw this.unexpected('a 32-bit integer');
  }

  int64(): bigint {
    const from = this.integerStart();
    const negative = this.bytes[from] === MINUS;
    const halves = parseDigits(this.bytes, negative ? from + 1 : from, this.pos);
    if (halves !== undefined) {
      const [lo, hi] = halves;
      if (hi < 0x8000_0000) return negative ? -int64FromHalves(lo, hi) : int64FromHalves(lo, hi);
      if (negative && hi === 0x8000_0000 && lo === 0) return int64FromHalves(lo, hi);
    }
    this.pos = from;
    throw this.unexpected('a 64-bit integer');
  }

  uint64(): bigint {
    const from = this.integerStart();
    const halves = parseDigits(this.bytes, from, this.pos);
    if (halves !== undefined && this.bytes[from] !== MINUS) return uint64FromHalves(halves[0], halves[1]);
    this.pos = from;
    throw this.unexpected('an unsigned 64-bit integer');
  }

  /** A number, or one of the strings "NaN", "Infinity" and "-Infinity". */
  double(): number {
    if (this.next() === QUOTE) {
      const from = this.pos;
      const name = this.text();
      if (name === 'NaN' || name === 'Infinity' || name === '-Infinity') return Number(name);
      this.pos = from;
      throw this.unexpected('a number, "NaN", "Infinity" or "-Infinity"');
    }
    const from = this.pos;
    this.number();
    const value =
      this.pos - from > JSON_NUMBER_LENGTH_MAX ? NaN : Number(utf8String(this.bytes, from, this.pos));
    if (Number.isFinite(value)) return value;
    this.pos = from;
    throw this.unexpected('a number that a double can hold');
  }

  /** A short string. */
  text(): string {
    this.string('a string');
    if (this.stop - this.start > JSON_STRING_BYTES_MAX) {
      throw this.invalid(`a string of ${this.stop - this.start} bytes`, `at most ${JSON_STRING_BYTES_MAX}`);
    }
    if (!this.escaped) return sharedString(this.bytes, this.start, this.stop);
    return unescapeText(this.bytes, this.start, this.stop).toString('utf8');
  }

  /** A string of any length as UTF-8: a view of the bytes, unless it has escapes. */
  textBytes(): Uint8Array {
    this.string('a string');
    return this.escaped
      ? unescapeText(this.bytes, this.start, this.stop)
      : this.bytes.subarray(this.start, this.stop);
  }

  private objectKey(keys: JsonKeys): string {
    this.string('a key');
    let key = '';
    if (this.escaped) {
      const name = unescapeText(this.bytes, this.start, this.stop);
      key = keys.find(name, 0, name.length);
    } else {
      key = keys.find(this.bytes, this.start, this.stop);
    }
    this.expect(COLON, 'a colon');
    return key;
  }

  private skipValue(depth: number): void {
    if (depth > JSON_DEPTH_MAX) throw this.invalid('deeper nesting', `at most ${JSON_DEPTH_MAX} levels`);
    switch (this.next()) {
      case QUOTE:
        return this.string('a string');
      case OPEN_BRACE:
        this.pos++;
        if (this.closes(CLOSE_BRACE)) return;
        do {
          this.string('a key');
          this.expect(COLON, 'a colon');
          this.skipValue(depth + 1);
        } while (this.another(CLOSE_BRACE));
        return;
      case OPEN_BRACKET:
        this.pos++;
        if (this.closes(CLOSE_BRACKET)) return;
        do this.skipValue(depth + 1);
        while (this.another(CLOSE_BRACKET));
        return;
      case 0x74:
        return this.literal('true');
      case 0x66:
        return this.literal('false');
      case LOWER_N:
        return this.literal('null');
      default:
        this.number();
    }
  }
}
