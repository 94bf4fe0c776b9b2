import type { ByteBuffer } from './byte-buffer.js';
import { ESCAPE_PIECE_BYTES } from './limits.js';

const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const HEX = Buffer.from('0123456789abcdef');

/** What follows the backslash for each byte: 0 if it is not escaped, `u` for the four-digit form. */
export const ESCAPES = new Uint8Array(256).fill(LOWER_U, 0, 0x20);
/** The byte that each letter behind a backslash stands for; 0 for letters that may not be there. */
export const UNESCAPED = new Uint8Array(256);
for (const [letter, byte] of Object.entries({ b: 8, t: 9, n: 10, f: 12, r: 13, '"': 0x22, '\\': 0x5c })) {
  ESCAPES[byte] = letter.charCodeAt(0);
  UNESCAPED[letter.charCodeAt(0)] = byte;
}
UNESCAPED[0x2f] = 0x2f;

/**
 * Whether one of the four bytes is a quote, a backslash or a control character: what may not stand in a JSON string as
 * it is. May be true without cause, never false with one.
 */
export function hasSpecial(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const special =
    ((word - 0x20202020) & ~word) | ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash);
  return (special & 0x80808080) !== 0;
}

/**
 * Writes UTF-8 as the inside of a JSON string; only what JSON demands is escaped, so that grep finds the text. `view` is
 * of `bytes`.
 */
export function escapeText(
  out: ByteBuffer,
  bytes: Uint8Array,
  view: DataView,
  start: number,
  end: number,
): void {
  for (let from = start; from < end; from += ESCAPE_PIECE_BYTES) {
    const stop = Math.min(end, from + ESCAPE_PIECE_BYTES);
    out.reserve((stop - from) * 6 + end - stop);
    out.pos = escapePiece(out.bytes, out.view, out.pos, bytes, view, from, stop);
  }
}

/** The position behind what was written at `pos`. */
function escapePiece(
  target: Uint8Array,
  targetView: DataView,
  pos: number,
  bytes: Uint8Array,
  view: DataView,
  from: number,
  end: number,
): number {
  while (from < end) {
    for (; from + 4 <= end; from += 4) {
      const word = view.getInt32(from, true);
      if (hasSpecial(word)) break;
      targetView.setInt32(pos, word, true);
      pos += 4;
    }
    for (const stop = Math.min(end, from + 4); from < stop; from++) {
      const byte = bytes[from];
      if (ESCAPES[byte] === 0) target[pos++] = byte;
      else pos = writeEscape(target, pos, byte);
    }
  }
  return pos;
}

function writeEscape(target: Uint8Array, pos: number, byte: number): number {
  const letter = ESCAPES[byte];
  target[pos++] = BACKSLASH;
  target[pos++] = letter;
  if (letter !== LOWER_U) return pos;
  target[pos++] = HEX[0];
  target[pos++] = HEX[0];
  target[pos++] = HEX[byte >>> 4];
  target[pos++] = HEX[byte & 15];
  return pos;
}

/**
 * The inside of a JSON string without its escapes, as UTF-8. The escapes must be well-formed. Half of a surrogate pair
 * becomes U+FFFD, as in Go's encoding/json.
 */
export function unescapeText(bytes: Uint8Array, start: number, end: number): Buffer {
  const text = Buffer.allocUnsafe(end - start);
  let pos = 0;
  for (let from = start; from < end;) {
    const byte = bytes[from++];
    if (byte !== BACKSLASH) {
      text[pos++] = byte;
      continue;
    }
    const letter = bytes[from++];
    if (letter !== LOWER_U) {
      text[pos++] = UNESCAPED[letter];
      continue;
    }
    const unit = hexAt(bytes, from);
    from += 4;
    const low = isHigh(unit) && end - from >= 6 ? lowHalfAt(bytes, from) : 0;
    if (low !== 0) from += 6;
    pos = writeUtf8(text, pos, low === 0 ? unit : 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
  }
  return text.subarray(0, pos);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

/** The second half of a surrogate pair if its escape is at `pos`, else 0. */
function lowHalfAt(bytes: Uint8Array, pos: number): number {
  if (bytes[pos] !== BACKSLASH || bytes[pos + 1] !== LOWER_U) return 0;
  const unit = hexAt(bytes, pos + 2);
  return unit >= 0xdc00 && unit < 0xe000 ? unit : 0;
}

function writeUtf8(text: Buffer, pos: number, point: number): number {
  if (point >= 0xd800 && point < 0xe000) point = 0xfffd;
  if (point < 0x80) {
    text[pos++] = point;
    return pos;
  }
  if (point < 0x800) {
    text[pos++] = 0xc0 | (point >>> 6);
  } else {
    if (point < 0x10000) {
      text[pos++] = 0xe0 | (point >>> 12);
    } else {
      text[pos++] = 0xf0 | (point >>> 18);
      text[pos++] = 0x80 | ((point >>> 12) & 63);
    }
    text[pos++] = 0x80 | ((point >>> 6) & 63);
  }
  text[pos++] = 0x80 | (point & 63);
  return pos;
}

function hexAt(bytes: Uint8Array, pos: number): number {
  return (
    (hexDigit(bytes[pos]) << 12) |
    (hexDigit(bytes[pos + 1]) << 8) |
    (hexDigit(bytes[pos + 2]) << 4) |
    hexDigit(bytes[pos + 3])
  );
}

/** The value of a hexadecimal digit; -1 for any other byte. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
