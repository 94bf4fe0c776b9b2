import { FILTER_BYTES_MAX, FILTER_BYTES_MIN, FILTER_CONTENT_RATIO } from '../limits.js';

/** Bytes of a gram. Fewer are in every block when content is hexadecimal, more miss short needles. */
export const GRAM_BYTES = 4;

/** 2^32 divided by the golden ratio, odd: spreads grams that differ in one bit only. */
const MULTIPLIER = 0x9e3779b1;

// Looked up once: in a vm context (jest) each look-up of a global costs more than a gram.
const { imul } = Math;

/** log2 of the bits of the filter of a block that has so many bytes of content. */
export function filterBits(contentBytes: number): number {
  const bytes = Math.min(Math.max(contentBytes / FILTER_CONTENT_RATIO, FILTER_BYTES_MIN), FILTER_BYTES_MAX);
  return Math.ceil(Math.log2(bytes)) + 3;
}

/** The bitmap of a filter, as 32-bit words, which are little-endian on every platform of Node: bit i is bit i % 8 of byte i / 8. */
export function newBitmap(bits: number): Int32Array {
  return new Int32Array(2 ** (bits - 5));
}

/** Sets the bit of each gram of `bytes[start, end)`. */
export function addGrams(
  bitmap: Int32Array,
  bits: number,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  if (end - start < GRAM_BYTES) return;
  const shift = 32 - bits;
  let gram = (bytes[start] << 8) | (bytes[start + 1] << 16) | (bytes[start + 2] << 24);
  for (let pos = start + GRAM_BYTES - 1; pos < end; pos++) {
    gram = (gram >>> 8) | (bytes[pos] << 24);
    const bit = imul(gram, MULTIPLIER) >>> shift;
    bitmap[bit >>> 5] |= 1 << (bit & 31);
  }
}

/** The hash of each gram of the literals, each once; `hash >>> (32 - bits)` is its bit. */
export function gramHashes(literals: readonly Uint8Array[]): Uint32Array {
  const hashes = new Set<number>();
  for (const literal of literals) {
    for (let pos = 0; pos + GRAM_BYTES <= literal.length; pos++) {
      const gram =
        literal[pos] | (literal[pos + 1] << 8) | (literal[pos + 2] << 16) | (literal[pos + 3] << 24);
      hashes.add(imul(gram, MULTIPLIER) >>> 0);
    }
  }
  return Uint32Array.from(hashes);
}

/*
 * As it is stored: `bits` u8, then how: 255, and the bitmap as it is; or the parameter k, and the bitmap in parts of 1,024 bits: the
 * bytes of each part (u8 each), then the parts. A part is its set bits, ascending, as Rice codes of their distances less
 * one (the first from -1): the distance's quotient by 2^k as so many 0 bits and a 1, then k bits, all LSB first, 0 bits up to
 * a whole byte. One part is read for each gram that is looked for, so that filters need not be unpacked.
 */
const PART_BITS_LOG2 = 10;
const PLAIN = 255;
const HEAD_BYTES = 2;
/** Of 32 bits that are read at a byte, so many are sure to be there behind any bit of the byte. */
const WINDOW_BITS = 25;

export function encodeFilter(bitmap: Int32Array, bits: number): Uint8Array {
  const k = riceParameter(
    bits,
    bitmap.reduce((set, word) => set + bitCount(word), 0),
  );
  return shorterFilter(bitmap, bits, encodeParts(bitmap, bits, k));
}

/** As it is stored: its codes, if there are any, unless the bitmap is shorter. The result has memory of its own. */
export function shorterFilter(bitmap: Int32Array, bits: number, coded: Uint8Array | undefined): Uint8Array {
  if (coded && coded.length < HEAD_BYTES + bitmap.byteLength) return Buffer.copyBytesFrom(coded);
  const plain = Buffer.from(bitmap.buffer, bitmap.byteOffset, bitmap.byteLength);
  return Buffer.concat([Buffer.of(bits, PLAIN), plain]);
}

/** Undefined when a part has too many codes. */
function encodeParts(bitmap: Int32Array, bits: number, k: number): Uint8Array | undefined {
  const parts = 2 ** Math.max(bits - PART_BITS_LOG2, 0);
  const partWords = bitmap.length / parts;
  const head = HEAD_BYTES + parts;
  // Codes take 1.2 bits for each bit of the bitmap at the most, and up to 3 bytes are written at once.
  const out = Buffer.alloc(head + 2 * bitmap.byteLength + 4);
  out[0] = bits;
  out[1] = k;
  let end = head;
  for (let part = 0; part < parts; part++) {
    const start = end;
    let bitEnd = 8 * start;
    let last = -1;
    for (let word = 0; word < partWords; word++) {
      for (let rest = bitmap[part * partWords + word]; rest !== 0; rest &= rest - 1) {
        const position = 32 * word + 31 - Math.clz32(rest & -rest);
        const distance = position - last - 1;
        last = position;
        bitEnd += distance >>> k;
        const at = bitEnd >>> 3;
        const code = (((distance & ((1 << k) - 1)) << 1) | 1) << (bitEnd & 7);
        out[at] |= code;
        out[at + 1] |= code >>> 8;
        out[at + 2] |= code >>> 16;
        bitEnd += 1 + k;
      }
    }
    end = (bitEnd + 7) >>> 3;
    if (end - start > 0xff) return undefined;
    out[HEAD_BYTES + part] = end - start;
  }
  return out.subarray(0, end);
}

/** Whether the bit of the hash is set in the filter stored at `start` of the bytes; a few bytes behind it are looked at too. */
export function hasGram(bytes: Uint8Array, start: number, hash: number): boolean {
  const bits = bytes[start];
  const k = bytes[start + 1];
  const bit = hash >>> (32 - bits);
  if (k === PLAIN) return (bytes[start + HEAD_BYTES + (bit >>> 3)] & (1 << (bit & 7))) !== 0;
  const part = bit >>> PART_BITS_LOG2;
  const lengths = start + HEAD_BYTES;
  let at = lengths + (bits > PART_BITS_LOG2 ? 1 << (bits - PART_BITS_LOG2) : 1);
  for (let before = 0; before < part; before++) at += bytes[lengths + before];
  const end = 8 * (at + bytes[lengths + part]);
  const wanted = bit & ((1 << PART_BITS_LOG2) - 1);
  const mask = (1 << k) - 1;
  let bitAt = 8 * at;
  let position = -1;
  let quotient = 0;
  while (bitAt < end && position < wanted) {
    const byte = bitAt >>> 3;
    const window =
      (bytes[byte] | (bytes[byte + 1] << 8) | (bytes[byte + 2] << 16) | (bytes[byte + 3] << 24)) >>>
      (bitAt & 7);
    const zeros = window === 0 ? 32 : 31 - Math.clz32(window & -window);
    const step = Math.min(zeros, WINDOW_BITS);
    // Behind the last code there are only 0 bits.
    if (bitAt + step >= end) return false;
    if (step + 1 + k > WINDOW_BITS) {
      quotient += step;
      bitAt += step;
      continue;
    }
    position += 1 + (((quotient + step) << k) | ((window >>> (step + 1)) & mask));
    quotient = 0;
    bitAt += step + 1 + k;
  }
  return position === wanted;
}

/** The best for the distances of so many set bits, geometrically distributed: 2^k is about ln 2 of the mean. */
export function riceParameter(bits: number, set: number): number {
  const mean = 2 ** bits / Math.max(set, 1);
  return Math.min(Math.max(Math.floor(Math.log2(mean * Math.LN2)), 0), PART_BITS_LOG2 - 1);
}

function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}
