import type { ByteBuffer } from './byte-buffer.js';
import { halvesOfInt64, halvesOfUint64 } from './int64.js';

// 64-bit integers as decimal digits, to and from two unsigned halves. Every intermediate value is below 2^53.
const BILLION = 1_000_000_000;
const TWO_32 = 0x1_0000_0000;
const ZERO = 0x30;
const MINUS = 0x2d;

export function writeUint64(out: ByteBuffer, lo: number, hi: number): void {
  out.reserve(20);
  if (hi === 0 && lo < BILLION) return writeDigits(out, lo, digitCount(lo));
  // Long division by 10^9, the lower half in two limbs of 16 bits.
  const upper = (hi % BILLION) * 0x10000 + (lo >>> 16);
  const lower = (upper % BILLION) * 0x10000 + (lo & 0xffff);
  const quotient =
    (Math.floor(hi / BILLION) * 0x10000 + Math.floor(upper / BILLION)) * 0x10000 +
    Math.floor(lower / BILLION);
  const rest = lower % BILLION;
  if (quotient >= BILLION) {
    const top = Math.floor(quotient / BILLION);
    writeDigits(out, top, digitCount(top));
    writeDigits(out, quotient % BILLION, 9);
  } else {
    writeDigits(out, quotient, digitCount(quotient));
  }
  writeDigits(out, rest, 9);
}

/** `lo` and `hi` are the two's complement. */
export function writeInt64(out: ByteBuffer, lo: number, hi: number): void {
  if (hi < 0x8000_0000) return writeUint64(out, lo, hi);
  out.reserve(1);
  out.bytes[out.pos++] = MINUS;
  const negatedLo = -lo >>> 0;
  writeUint64(out, negatedLo, (~hi + (negatedLo === 0 ? 1 : 0)) >>> 0);
}

export function writeBigInt64(out: ByteBuffer, value: bigint): void {
  const [lo, hi] = halvesOfInt64(value);
  writeInt64(out, lo, hi);
}

export function writeBigUint64(out: ByteBuffer, value: bigint): void {
  const [lo, hi] = halvesOfUint64(value);
  writeUint64(out, lo, hi);
}

/** The halves of the number that the digits `bytes[start, end)` spell; undefined from 2^64 on. */
export function parseDigits(
  bytes: Uint8Array,
  start: number,
  end: number,
): [lo: number, hi: number] | undefined {
  if (end - start > 20) return undefined;
  const split = Math.max(start, end - 9);
  let high = 0;
  for (let pos = start; pos < split; pos++) high = high * 10 + bytes[pos] - ZERO;
  let low = 0;
  for (let pos = split; pos < end; pos++) low = low * 10 + bytes[pos] - ZERO;
  // high * 10^9 + low, the factor `high` (up to 37 bits) in two limbs of at most 21 and 16 bits.
  const upper = Math.floor(high / 0x10000) * BILLION;
  const lower = (high % 0x10000) * BILLION + low + (upper % 0x10000) * 0x10000;
  const hi = Math.floor(upper / 0x10000) + Math.floor(lower / TWO_32);
  return hi < TWO_32 ? [lower % TWO_32, hi] : undefined;
}

function digitCount(value: number): number {
  let count = 1;
  for (let power = 10; value >= power; power *= 10) count++;
  return count;
}

function writeDigits(out: ByteBuffer, value: number, count: number): void {
  const { bytes } = out;
  for (let pos = out.pos + count - 1; pos >= out.pos; pos--) {
    const tenth = (value / 10) >>> 0;
    bytes[pos] = ZERO + value - tenth * 10;
    value = tenth;
  }
  out.pos += count;
}
