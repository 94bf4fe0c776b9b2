import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OrdinalRanges } from './ordinal-ranges.js';

const END = 60;

describe('a set of ordinals as ranges', () => {
  it('has the same holes as a plain set', () => {
    const range = fc.tuple(fc.nat(END), fc.nat(8));
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 25 }),
        fc.integer({ min: -1, max: END }),
        fc.nat(END),
        fc.nat(30),
        (added, after, length, max) => {
          const ranges = new OrdinalRanges();
          const plain = new Set<bigint>();
          for (const [first, more] of added) {
            const ordinals = BigUint64Array.from({ length: more + 1 }, (_, at) => BigInt(first + at));
            ranges.addAll(ordinals);
            ordinals.forEach((ordinal) => plain.add(ordinal));
          }
          const before = after + length;
          const free: bigint[] = [];
          for (let at = after + 1; at < before; at++) if (!plain.has(BigInt(at))) free.push(BigInt(at));
          const first = ranges.firstFree(BigInt(after), BigInt(before), max);
          expect([...first]).toEqual(free.slice(0, max));
          const last = ranges.lastFree(BigInt(after), BigInt(before), max);
          expect([...last]).toEqual(max === 0 ? [] : free.slice(-max));
        },
      ),
      { numRuns: 2_000 },
    );
  });
});
