import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c, plainCrc32c } from './crc32c.js';

/** Bit by bit, as the standard defines it. */
function plain(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  return ~crc >>> 0;
}

describe('crc32c', () => {
  // RFC 3720, B.4, and the check value of the catalogues.
  it.each([
    ['', 0],
    ['313233343536373839', 0xe3069283],
    ['00'.repeat(32), 0x8a9136aa],
    ['ff'.repeat(32), 0x62a8ab43],
  ])('of %s', (hex, crc) => {
    expect(crc32c(Buffer.from(hex, 'hex'))).toBe(crc);
  });

  it('is the same for as many bytes as the module takes at once, and more', () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * 7_919) >>> 5));
    for (const length of [255, 256, 257, 65_535, 65_536, 65_537, 131_072, 200_000])
      for (const from of [0, 1, 3]) {
        const part = bytes.subarray(from, length);
        expect(crc32c(part, 0xfedcba98)).toBe(plainCrc32c(part, 0xfedcba98));
      }
  });

  it.each([crc32c, plainCrc32c])('is that of the definition at every alignment and length (%p)', (crc32c) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.nat(600), fc.nat(7), (bytes, cut, shift) => {
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const at = shift + Math.min(cut, bytes.length);
        expect(crc32c(moved.subarray(at), crc32c(moved.subarray(shift, at)))).toBe(plain(bytes));
      }),
    );
  });
});
