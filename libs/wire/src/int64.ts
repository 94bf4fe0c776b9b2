// 64-bit values travel as two unsigned halves, so that the hot path makes no BigInt. The views share memory; on the
// big-endian machines that Node supports the halves are swapped.
const halves = new Uint32Array(2);
const signed = new BigInt64Array(halves.buffer);
const unsigned = new BigUint64Array(halves.buffer);
const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;
/** Where the lower half is in the memory of a 64-bit value. */
export const LO = littleEndian ? 0 : 1;
export const HI = 1 - LO;

export function int64FromHalves(lo: number, hi: number): bigint {
  halves[LO] = lo;
  halves[HI] = hi;
  return signed[0];
}

export function uint64FromHalves(lo: number, hi: number): bigint {
  halves[LO] = lo;
  halves[HI] = hi;
  return unsigned[0];
}

/** The two's complement. Throws TypeError for a value that 64 bits do not hold. */
export function halvesOfInt64(value: bigint): [lo: number, hi: number] {
  signed[0] = value;
  if (signed[0] !== value) throw new TypeError(`${value} is not a signed 64-bit integer`);
  return [halves[LO], halves[HI]];
}

/** Throws TypeError for a value that 64 bits do not hold. */
export function halvesOfUint64(value: bigint): [lo: number, hi: number] {
  unsigned[0] = value;
  if (unsigned[0] !== value) throw new TypeError(`${value} is not an unsigned 64-bit integer`);
  return [halves[LO], halves[HI]];
}
