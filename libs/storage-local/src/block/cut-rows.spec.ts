import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cutRows } from './cut-rows.js';

describe('rows that are cut', () => {
  it('are each in one range, in order; a range has more than it may only if it is one row', () => {
    const lengths = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 200 })), { maxLength: 200 });
    fc.assert(
      fc.property(
        lengths,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 1, max: 20 }),
        (lengths, bytesMax, rowsMax) => {
          const ranges = cutRows(lengths, bytesMax, rowsMax);
          const rows = ranges.flatMap(({ from, to }) => lengths.slice(from, to));
          expect(rows).toEqual(lengths);
          for (const { from, to } of ranges) {
            expect(to).toBeGreaterThan(from);
            expect(to - from).toBeLessThanOrEqual(rowsMax);
            const bytes = lengths.slice(from, to).reduce((sum, length) => sum + length, 0);
            if (to - from > 1) expect(bytes).toBeLessThanOrEqual(bytesMax);
          }
        },
      ),
    );
  });

  it('fill as few ranges as can be, evenly', () => {
    const sizes = (count: number) =>
      cutRows(new Uint32Array(count).fill(10), 100, 50).map(({ from, to }) => to - from);
    expect(sizes(10)).toEqual([10]);
    expect(sizes(11)).toEqual([6, 5]);
    expect(sizes(25)).toEqual([9, 9, 7]);
    expect(cutRows(new Uint32Array(120), 100, 50)).toHaveLength(3);
  });
});
