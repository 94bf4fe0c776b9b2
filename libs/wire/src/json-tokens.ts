import { ESCAPES, hasSpecial, hexDigit, UNESCAPED } from './json-text.js';
import { LastView, viewOf } from './last-view.js';
import { utf8String } from './utf8.js';
import { WireError } from './wire-error.js';

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const BACKSLASH = 0x5c;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const NOTHING = new Uint8Array(0);
const NO_VIEW = viewOf(NOTHING);

/**
 * Reads the tokens of one JSON text (RFC 8259) from a range of bytes. Invariant: `pos <= end`. Throws WireError with the
 * position, counted from the start of the range.
 */
export class JsonTokens {
  protected bytes: Uint8Array = NOTHING;
  protected pos = 0;
  /** The inside of the string that was read last. */
  protected start = 0;
  protected stop = 0;
  protected escaped = false;
  /** The object's key whose value is being read, for errors. */
  protected key = '';
  private view = NO_VIEW;
  private readonly views = new LastView();
  private base = 0;
  private end = 0;

  protected reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.view = this.views.of(bytes);
    this.base = this.pos = start;
    this.end = end;
  }

  /** Lets go of the bytes: a scanner lives on, and they may be the only huge block of a day. */
  protected release(): void {
    this.bytes = NOTHING;
    this.view = NO_VIEW;
  }

  /** Only white space may follow. */
  protected finish(): void {
    this.whiteSpace();
    if (this.pos < this.end) throw this.unexpected('the end');
  }

  /** Finds the inside of a string, and checks its escapes. */
  protected string(what: string): void {
    this.expect(QUOTE, what);
    const { bytes, view, end } = this;
    this.start = this.pos;
    this.escaped = false;
    for (let pos = this.pos; ;) {
      while (pos + 4 <= end && !hasSpecial(view.getInt32(pos, true))) pos += 4;
      while (pos < end && ESCAPES[bytes[pos]] === 0) pos++;
      if (pos === end) throw this.truncated();
      const byte = bytes[pos];
      if (byte === BACKSLASH) {
        this.escaped = true;
        pos = this.escape(pos + 1);
      } else if (byte === QUOTE) {
        this.stop = pos;
        this.pos = pos + 1;
        return;
      } else {
        this.pos = pos;
        throw this.invalid(`byte ${byte} in a string`, 'it escaped');
      }
    }
  }

  /** The position behind the escape whose letter is at `pos`. */
  private escape(pos: number): number {
    if (pos >= this.end) throw this.truncated();
    const letter = this.bytes[pos];
    if (letter === LOWER_U) {
      for (let digit = 1; digit <= 4; digit++) {
        if (pos + digit >= this.end) throw this.truncated();
        if (hexDigit(this.bytes[pos + digit]) < 0) {
          this.pos = pos + digit;
          throw this.unexpected('four hexadecimal digits');
        }
      }
      return pos + 5;
    }
    if (UNESCAPED[letter] !== 0) return pos + 1;
    this.pos = pos;
    throw this.unexpected('one of " \\ / b f n r t u behind a backslash');
  }

  /** Reads an integer; the position of its first byte. */
  protected integerStart(): number {
    this.next();
    const from = this.pos;
    this.wholeNumber('an integer');
    const after = this.bytes[this.pos];
    if (this.pos < this.end && (after === POINT || (after | 0x20) === LOWER_E)) {
      this.pos = from;
      throw this.unexpected('an integer');
    }
    return from;
  }

  protected number(): void {
    this.wholeNumber('a value');
    if (this.bytes[this.pos] === POINT && this.pos < this.end) {
      this.pos++;
      this.digits();
    }
    if ((this.bytes[this.pos] | 0x20) === LOWER_E && this.pos < this.end) {
      this.pos++;
      const sign = this.bytes[this.pos];
      if (sign === PLUS || sign === MINUS) this.pos++;
      this.digits();
    }
  }

  private wholeNumber(what: string): void {
    const from = this.pos;
    if (this.bytes[from] === MINUS) this.pos++;
    const first = this.pos;
    if (first < this.end && !isDigit(this.bytes[first])) {
      this.pos = from;
      throw this.unexpected(what);
    }
    this.digits();
    if (this.bytes[first] === 0x30 && this.pos > first + 1) {
      this.pos = from;
      throw this.unexpected('a number without leading zeros');
    }
  }

  private digits(): void {
    const { bytes, end } = this;
    let pos = this.pos;
    while (pos < end && isDigit(bytes[pos])) pos++;
    if (pos === end) throw this.truncated();
    if (pos === this.pos) throw this.unexpected('a digit');
    this.pos = pos;
  }

  protected literal(word: string): void {
    for (let at = 0; at < word.length; at++) {
      if (this.pos + at >= this.end) throw this.truncated();
      if (this.bytes[this.pos + at] !== word.charCodeAt(at)) throw this.unexpected(word);
    }
    this.pos += word.length;
  }

  /** Whether the object or array ends here, before its first element. */
  protected closes(bracket: number): boolean {
    if (this.next() !== bracket) return false;
    this.pos++;
    return true;
  }

  /** Whether another element follows; else the bracket has been read. */
  protected another(bracket: number): boolean {
    const byte = this.next();
    if (byte !== COMMA && byte !== bracket) {
      throw this.unexpected(`a comma or ${String.fromCharCode(bracket)}`);
    }
    this.pos++;
    return byte === COMMA;
  }

  protected expect(byte: number, what: string): void {
    if (this.next() !== byte) throw this.unexpected(what);
    this.pos++;
  }

  /** The next byte that is not white space; it is not read yet. */
  protected next(): number {
    this.whiteSpace();
    if (this.pos >= this.end) throw this.truncated();
    return this.bytes[this.pos];
  }

  private whiteSpace(): void {
    const { bytes, end } = this;
    while (this.pos < end) {
      const byte = bytes[this.pos];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
      this.pos++;
    }
  }

  /** The error for what is at `pos`. */
  unexpected(expected: string): WireError {
    const rest = utf8String(this.bytes, this.pos, Math.min(this.end, this.pos + 40));
    const [found] = /^.[^,}\] ]*/s.exec(rest) ?? [''];
    return this.invalid(found.replace(/[^\x20-\x7e]/g, '?'), expected);
  }

  invalid(found: string, expected: string): WireError {
    const at = this.pos - this.base;
    return new WireError('INVALID', `${this.key}: found ${found}, expected ${expected}, at byte ${at}`);
  }

  private truncated(): WireError {
    return new WireError('TRUNCATED', `${this.key}: the row ends early, at byte ${this.end - this.base}`);
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
