import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from './crc32c.js';

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

  it('is that of the definition at every alignment and length, in one piece or several', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), fc.nat(7), (bytes, cut, shift) => {
        const moved = new Uint8Array(bytes.length + shift);
        moved.set(bytes, shift);
        const at = shift + Math.min(cut, bytes.length);
        expect(crc32c(moved.subarray(at), crc32c(moved.subarray(shift, at)))).toBe(plain(bytes));
      }),
    );
  });
});
