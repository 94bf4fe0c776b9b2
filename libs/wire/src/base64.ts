import type { ByteBuffer } from './byte-buffer.js';

// Standard base64 with padding (RFC 4648, section 4) from bytes to bytes: no string is made, whatever the size.
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;
const NONE = 0xff;
const VALUES = new Uint8Array(256).fill(NONE);
ALPHABET.forEach((character, value) => (VALUES[character] = value));

export function encodeBase64(out: ByteBuffer, bytes: Uint8Array, start: number, end: number): void {
  out.reserve(4 * Math.ceil((end - start) / 3));
  const target = out.bytes;
  let pos = out.pos;
  let from = start;
  for (const whole = end - ((end - start) % 3); from < whole; from += 3) {
    const bits = (bytes[from] << 16) | (bytes[from + 1] << 8) | bytes[from + 2];
    target[pos] = ALPHABET[bits >>> 18];
    target[pos + 1] = ALPHABET[(bits >>> 12) & 63];
    target[pos + 2] = ALPHABET[(bits >>> 6) & 63];
    target[pos + 3] = ALPHABET[bits & 63];
    pos += 4;
  }
  if (from < end) {
    const two = end - from === 2;
    const bits = (bytes[from] << 16) | (two ? bytes[from + 1] << 8 : 0);
    target[pos++] = ALPHABET[bits >>> 18];
    target[pos++] = ALPHABET[(bits >>> 12) & 63];
    target[pos++] = two ? ALPHABET[(bits >>> 6) & 63] : PAD;
    target[pos++] = PAD;
  }
  out.pos = pos;
}

/** The decoded bytes, or the position of the first character that cannot be there (`end` when the length is wrong). */
export function decodeBase64(bytes: Uint8Array, start: number, end: number): Buffer | number {
  if ((end - start) % 4 !== 0) return end;
  let last = end;
  if (last > start && bytes[last - 1] === PAD) last--;
  if (last > start && bytes[last - 1] === PAD) last--;
  const decoded = Buffer.allocUnsafe(Math.floor(((last - start) * 3) / 4));
  let pos = 0;
  let from = start;
  for (const whole = last - ((last - start) % 4); from < whole; from += 4) {
    const a = VALUES[bytes[from]];
    const b = VALUES[bytes[from + 1]];
    const c = VALUES[bytes[from + 2]];
    const d = VALUES[bytes[from + 3]];
    if ((a | b | c | d) === NONE) return firstForeign(bytes, from);
    decoded[pos] = (a << 2) | (b >>> 4);
    decoded[pos + 1] = (b << 4) | (c >>> 2);
    decoded[pos + 2] = (c << 6) | d;
    pos += 3;
  }
  if (from < last) {
    const a = VALUES[bytes[from]];
    const b = VALUES[bytes[from + 1]];
    const c = last - from === 3 ? VALUES[bytes[from + 2]] : 0;
    if ((a | b | c) === NONE) return firstForeign(bytes, from);
    decoded[pos++] = (a << 2) | (b >>> 4);
    if (last - from === 3) decoded[pos] = (b << 4) | (c >>> 2);
  }
  return decoded;
}

function firstForeign(bytes: Uint8Array, from: number): number {
  while (VALUES[bytes[from]] !== NONE) from++;
  return from;
}
