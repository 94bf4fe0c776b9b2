import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SLAB_BYTES_MAX } from '../limits.js';
import { Slabs } from './slabs.js';

describe('memory that is used again', () => {
  it('is never given to two, is large enough, and keeps no more than it may', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 2 * SLAB_BYTES_MAX }),
    );
    const steps = fc.array(fc.oneof(sizes, fc.constant('give' as const)), { maxLength: 100 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 3 * SLAB_BYTES_MAX }), (all, bytesMax) => {
        const slabs = new Slabs(bytesMax);
        const taken: Uint8Array<ArrayBuffer>[] = [];
        for (const step of all) {
          if (step === 'give') {
            const slab = taken.shift();
            if (slab) slabs.give(slab);
          } else {
            const slab = slabs.take(step);
            expect(slab.length).toBeGreaterThanOrEqual(step);
            expect(slab.length).toBe(slab.buffer.byteLength);
            expect(taken.some(({ buffer }) => buffer === slab.buffer)).toBe(false);
            taken.push(slab);
          }
          expect(slabs.kept).toBeLessThanOrEqual(bytesMax);
        }
      }),
    );
  });

  it('is the same again', () => {
    const slabs = new Slabs(1_000_000);
    const slab = slabs.take(1_000);
    slabs.give(slab);
    expect(slabs.kept).toBe(slab.length);
    expect(slabs.take(900)).toBe(slab);
    expect(slabs.kept).toBe(0);
    expect(slabs.take(900)).not.toBe(slab);
  });
});
