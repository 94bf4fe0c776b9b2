// Substring filters of picked rows, in AssemblyScript: what block-index/filter.ts does, byte for byte.
import { contentLengths, fields, FIELDS_SIZE, picked } from './log-rows';

/** Of a member's filter at the most, as a bitmap. */
export const FILTER_BYTES: u32 = 64 << 10;

/** The bitmap that `makeFilter` makes. */
export const filter: usize = memory.data(64 << 10, 16);
/** Codes take 1.2 bits for each bit of the bitmap at the most, and are written four bytes at a time. */
export const ENCODED_FILTER_BYTES: u32 = (130 << 10) + 16;
/** What `encodeFilter` makes. */
export const encodedFilter: usize = memory.data((130 << 10) + 16, 16);

/** A byte for each bit of the filter that is being made: to set one takes no load, which is twice as fast as a bit. */
const marks: usize = memory.data(8 * (64 << 10), 16);

/** As `addGrams` for the first `count` picked rows, into an empty bitmap of 2^bits bits. Returns how many are set. */
export function makeFilter(count: u32, bits: u32): u32 {
  memory.fill(marks, 0, 1 << bits);
  const shift = 32 - bits;
  for (let i: u32 = 0; i < count; i++) {
    const row: usize = load<u32>(picked + ((<usize>i) << 2));
    const length: usize = load<u32>(contentLengths + (row << 2));
    if (length < 4) continue;
    const start: usize = load<u32>(fields + row * FIELDS_SIZE);
    for (let from = start, end = start + length - 3; from < end; from++) {
      store<u8>(marks + ((load<u32>(from) * 0x9e37_79b1) >>> shift), 0xff);
    }
  }
  let set: u32 = 0;
  for (let bit: u32 = 0, end: u32 = 1 << bits; bit < end; bit += 16) {
    const mask = i8x16.bitmask(v128.load(marks + bit));
    set += popcnt(mask);
    store<u16>(filter + (bit >>> 3), <u16>mask);
  }
  return set;
}

const PART_BITS_LOG2: u32 = 10;
const HEAD_BYTES: usize = 2;

/** The filter's Rice codes with the parameter k, into `encodedFilter`. Returns their bytes; 0 when a part has more than it may. */
export function encodeFilter(bits: u32, k: u32): u32 {
  const parts: usize = bits > PART_BITS_LOG2 ? 1 << (bits - PART_BITS_LOG2) : 1;
  const bitmapBytes: usize = 1 << (bits - 3);
  const partBytes = bitmapBytes / parts;
  memory.fill(encodedFilter, 0, HEAD_BYTES + parts + 2 * bitmapBytes + 4);
  store<u8>(encodedFilter, <u8>bits);
  store<u8>(encodedFilter + 1, <u8>k);
  const low = (1 << k) - 1;
  let end = encodedFilter + HEAD_BYTES + parts;
  for (let part: usize = 0; part < parts; part++) {
    const start = end;
    const from = filter + part * partBytes;
    let bitEnd: usize = 0;
    let last: i32 = -1;
    for (let at: usize = 0; at < partBytes; at += 8) {
      for (let rest = load<u64>(from + at); rest !== 0; rest &= rest - 1) {
        const position = <i32>(8 * at) + <i32>ctz(rest);
        const distance = position - last - 1;
        last = position;
        bitEnd += distance >>> k;
        const to = start + (bitEnd >>> 3);
        const code = (<u32>(((distance & low) << 1) | 1)) << ((<u32>bitEnd) & 7);
        store<u32>(to, load<u32>(to) | code);
        bitEnd += 1 + k;
      }
    }
    end = start + ((bitEnd + 7) >>> 3);
    if (end - start > 0xff) return 0;
    store<u8>(encodedFilter + HEAD_BYTES + part, <u8>(end - start));
  }
  return <u32>(end - encodedFilter);
}
