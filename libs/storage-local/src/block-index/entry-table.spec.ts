import { describe, expect, it } from '@jest/globals';
import { PARTS } from './block-summary.js';
import { partRowsOf } from './describe-block.js';
import { EntryTable } from './entry-table.js';
import { encodeEntry, entryBytes, type IndexedBlock } from './index-layout.js';

const BLOCKS = 5;

function block(number: number): IndexedBlock {
  const firstOrdinal = BigInt(number * 10);
  return {
    offset: number * 100,
    length: 100,
    filter: Buffer.of(9, 255, number),
    summary: {
      rows: 8,
      firstOrdinal,
      lastOrdinal: firstOrdinal + 9n,
      timeMin: -5n,
      timeMax: 2n ** 62n,
      contentBytes: 80n,
      memberCrc32c: 0xffff_ffff,
      partRows: partRowsOf(8),
      partBytes: new Float64Array(PARTS).fill(5),
      partTimes: new BigInt64Array(2 * PARTS).fill(-1n),
      fields: undefined,
    },
  };
}

const entries = Array.from({ length: BLOCKS }, (_, number) => encodeEntry(block(number), 1, number * 3));
const whole = Buffer.concat(entries);
const size = entryBytes(1);

function taken(bytes: Buffer): number {
  const table = new EntryTable(1);
  expect(table.push(bytes)).toBe(table.length);
  return table.length;
}

describe('entries of an index', () => {
  it('count up to the first one that is cut, has a wrong bit, or is zeroed', () => {
    expect(taken(whole)).toBe(BLOCKS);
    for (let length = 0; length < whole.length; length++) {
      expect(taken(whole.subarray(0, length))).toBe(Math.floor(length / size));
    }
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      const right = taken(flipped);
      if (right !== Math.floor((bit >> 3) / size)) expect({ bit, right }).toBe('the entries before the bit');
    }
    for (let at = 0; at < whole.length; at += 64) {
      const zeroed = Buffer.from(whole).fill(0, at, Math.min(at + 64, whole.length));
      if (!zeroed.equals(whole)) expect(taken(zeroed)).toBeLessThanOrEqual(Math.ceil((at + 64) / size));
    }
  });

  it('count up to the first one that does not follow on the one before', () => {
    const [first, second, third] = entries;
    expect(taken(Buffer.concat([first, third]))).toBe(1);
    expect(taken(Buffer.concat([first, first]))).toBe(1);
    expect(taken(Buffer.concat([second, third]))).toBe(0);
    const sameOrdinals = encodeEntry({ ...block(1), summary: block(0).summary }, 1, 0);
    expect(taken(Buffer.concat([first, sameOrdinals]))).toBe(1);
  });

  it('stay as they were read when more are added', () => {
    const table = new EntryTable(1);
    for (const entry of entries) {
      const before = table.length > 0 ? table.entry(0).summary() : block(0).summary;
      table.push(entry);
      expect(table.entry(0).summary()).toEqual(before);
      expect(table.end).toBe(100 * table.length);
      expect(table.rowsBefore(table.length)).toBe(8 * table.length);
    }
    for (let bytes = 0; bytes <= 510; bytes++) {
      expect(table.countWithin(bytes)).toBe(Math.min(Math.floor(bytes / 100), BLOCKS));
    }
    expect(() => table.entry(BLOCKS)).toThrow('block 5 of 5');
  });
});
