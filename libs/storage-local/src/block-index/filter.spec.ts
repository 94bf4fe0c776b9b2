import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addGrams, encodeFilter, filterBits, gramHashes, hasGram, newBitmap } from './filter.js';

/** `bytes` as it lies among others. */
function stored(filter: Uint8Array): { bytes: Uint8Array; start: number } {
  return { bytes: Buffer.concat([Buffer.alloc(3, 0xff), filter, Buffer.alloc(4, 0xff)]), start: 3 };
}

describe('a substring filter', () => {
  it('has just the bits that were set, however many there are', () => {
    const share = fc.oneof(
      fc.constantFrom(0, 1, 2 ** 22, 2 ** 32),
      fc.nat({ max: 2 ** 28 }),
      fc.nat({ max: 2 ** 31 }),
    );
    const set = fc.tuple(fc.integer({ min: 9, max: 13 }), share, share, fc.integer());
    fc.assert(
      fc.property(set, ([bits, first, second, seed]) => {
        const bitmap = newBitmap(bits);
        const expected = Uint8Array.from({ length: 2 ** bits }, (_, bit) => {
          const limit = bit < 2 ** (bits - 1) ? first : second;
          const isSet = Math.imul(bit + 1, seed | 1) >>> 0 < limit;
          if (isSet) bitmap[bit >>> 5] |= 1 << (bit & 31);
          return Number(isSet);
        });
        const { bytes, start } = stored(encodeFilter(bitmap, bits));
        const found = expected.map((_, bit) => Number(hasGram(bytes, start, (bit << (32 - bits)) >>> 0)));
        expect(Buffer.from(found).equals(Buffer.from(expected))).toBe(true);
      }),
      { numRuns: 50, seed: 1, endOnFailure: true },
    );
  });

  it('keeps set bits that lie far apart, and is never longer than its bitmap by more than its head', () => {
    for (const bits of [9, 12, 13, 17, 20]) {
      const bitmap = newBitmap(bits);
      const far = [0, 1023, 1024, 2 ** bits - 1].filter((bit) => bit < 2 ** bits);
      for (const bit of far) bitmap[bit >>> 5] |= 1 << (bit & 31);
      const { bytes, start } = stored(encodeFilter(bitmap, bits));
      for (const bit of far) expect(hasGram(bytes, start, (bit << (32 - bits)) >>> 0)).toBe(true);
      const noise = bitmap.map((_, word) => Math.imul(word + 1, 0x85eb_ca6b) ^ (word << 7));
      expect(encodeFilter(noise, bits).length).toBeLessThanOrEqual(2 + noise.byteLength);
    }
  });

  it('has all grams of each slice of what was added, and few others', () => {
    const content = Buffer.from('GET /api/v1/users/4711 200 "Mozilla/5.0" é 12 ms');
    const bits = filterBits(content.length);
    const bitmap = newBitmap(bits);
    addGrams(bitmap, bits, content, 0, content.length);
    const { bytes, start } = stored(encodeFilter(bitmap, bits));
    const hasAll = (needle: Uint8Array) => gramHashes([needle]).every((hash) => hasGram(bytes, start, hash));
    for (let from = 0; from < content.length; from++) {
      for (let to = from; to <= content.length; to++) expect(hasAll(content.subarray(from, to))).toBe(true);
    }
    expect(hasAll(Buffer.from('POST /somewhere/else'))).toBe(false);
  });

  it('has a sixteenth of the content’s bytes, within its limits', () => {
    expect([0, 1, 1024, 1025, 262_144, 2 ** 24, 2 ** 27].map(filterBits)).toEqual([9, 9, 9, 10, 17, 23, 23]);
  });
});
