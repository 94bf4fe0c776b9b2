import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeMemberExtra, encodeMemberExtra, type MemberExtra } from './member-extra.js';

const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const extras: fc.Arbitrary<MemberExtra> = fc
  .record({
    bodyBytes: fc.nat({ max: 2 ** 31 }),
    contentBytes: fc.bigInt({ min: 0n, max: 2n ** 63n }),
    timeMin: int64,
    timeMax: int64,
    first: fc.bigInt({ min: 0n, max: 2n ** 60n }),
    skips: fc.array(fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 2n ** 40n })), { maxLength: 50 }),
  })
  .map(({ first, skips, ...rest }) => {
    const ordinals = [first];
    for (const skip of skips) ordinals.push(ordinals[ordinals.length - 1] + 1n + skip);
    return { ...rest, ordinals: BigUint64Array.from(ordinals) };
  });

/** With a right checksum. */
function fieldOf(payload: readonly number[]): Buffer {
  const subfield = Buffer.from([1, 0, 0, 0, 0, ...payload, 0, 0, 0, 0]);
  subfield.writeUInt32LE(crc32(subfield.subarray(0, -4)), subfield.length - 4);
  return Buffer.concat([Buffer.from([0x4a, 0x42, subfield.length, 0]), subfield]);
}

describe("a member's extra field", () => {
  it('comes back as it was, also between subfields of others', () => {
    fc.assert(
      fc.property(extras, (extra) => {
        const field = encodeMemberExtra(extra);
        const foreign = Buffer.from([0x41, 0x70, 3, 0, 1, 2, 3]);
        expect(decodeMemberExtra(field)).toEqual(extra);
        expect(decodeMemberExtra(Buffer.concat([foreign, field, foreign]))).toEqual(extra);
      }),
    );
  });

  it('is none when any bit of it is flipped, or it is cut', () => {
    fc.assert(
      fc.property(extras, fc.nat(), (extra, at) => {
        const field = encodeMemberExtra(extra);
        expect(decodeMemberExtra(field.subarray(0, at % field.length))).toBeUndefined();
        const bit = at % (field.length * 8);
        field[bit >> 3] ^= 1 << (bit & 7);
        expect(decodeMemberExtra(field)).toBeUndefined();
      }),
    );
  });

  it('is none when it says less, or more, than a member can have', () => {
    const payloads = [
      [],
      [0x80, 0x80],
      [1, 1, 1, 0],
      [1, 1, 1, 0, 0],
      [1, 1, 1, 0, 0x80],
      [1, 1, 1, 0, 3, 5],
      [1, 1, 1, 0, 3, 5, 0],
      [1, 1, 1, 0, 0x81, 0x20],
      [1, 1, 1, 0, ...Array.from({ length: 9 }, () => 0xff), 1],
      [1, 1, 1, ...Array.from({ length: 9 }, () => 0xff), 1, 1],
      [1, 1, 1, 0, ...Array.from({ length: 20 }, () => 0x80), 1],
    ];
    for (const payload of payloads)
      expect([payload, decodeMemberExtra(fieldOf(payload))]).toEqual([payload, undefined]);
    expect(decodeMemberExtra(fieldOf([1, 1, 1, 0, 3]))?.ordinals).toEqual(BigUint64Array.of(0n, 1n, 2n));
  });

  it('stays below the 64 KiB of a gzip header for the most rows that a member has, however they lie', () => {
    const ordinals = BigUint64Array.from({ length: 4_096 }, (_, row) => BigInt(row) * 2n ** 50n);
    const extra = { bodyBytes: 0, contentBytes: 2n ** 40n, timeMin: -1n, timeMax: -1n, ordinals };
    expect(encodeMemberExtra(extra).length).toBeLessThan(65_536);
  });
});
