import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SLAB_BYTES_MAX, SLAB_PAGE_BYTES } from '../limits.js';
import { Slabs } from './slabs.js';

describe('memory that is used again', () => {
  it('is never given to two, is large enough, and no more than it may be when nothing is taken', () => {
    const sizes = fc.oneof(
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 2 * SLAB_BYTES_MAX }),
    );
    const steps = fc.array(fc.oneof(sizes, fc.constantFrom('give' as const, 'forget' as const)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 3 * SLAB_BYTES_MAX }), (all, bytesMax) => {
        const slabs = new Slabs(bytesMax);
        const taken: Uint8Array<ArrayBuffer>[] = [];
        const forgotten: Uint8Array<ArrayBuffer>[] = [];
        const overlaps = (one: Uint8Array, other: Uint8Array): boolean =>
          one.buffer === other.buffer &&
          one.byteOffset < other.byteOffset + other.length &&
          other.byteOffset < one.byteOffset + one.length;
        for (const step of all) {
          const slab = typeof step === 'number' ? slabs.take(step) : taken.shift();
          if (!slab) continue;
          if (step === 'give') slabs.give(slab);
          else if (step === 'forget') {
            slabs.forget(slab);
            forgotten.push(slab);
          } else {
            expect(slab.length).toBeGreaterThanOrEqual(Number(step));
            expect(slab.byteOffset % 8).toBe(0);
            expect([...taken, ...forgotten].some((other) => overlaps(slab, other))).toBe(false);
            taken.push(slab);
          }
        }
        for (const slab of taken) slabs.give(slab);
        expect(slabs.bytes).toBeLessThanOrEqual(bytesMax);
      }),
    );
  });

  it('is the same again', () => {
    const slabs = new Slabs(1_000_000);
    const slab = slabs.take(1_000);
    slabs.give(slab);
    expect(slabs.take(900)).toBe(slab);
    expect(slabs.take(900)).not.toBe(slab);
  });

  it('is one piece for many small ones, and lets go of pieces of another size for a new one', () => {
    const slabs = new Slabs(2 * SLAB_PAGE_BYTES);
    const small = Array.from({ length: 20 }, () => slabs.take(512));
    expect(new Set(small.map(({ buffer }) => buffer)).size).toBe(1);
    slabs.take(4_096);
    expect(slabs.bytes).toBe(2 * SLAB_PAGE_BYTES);
    for (const slab of small) slabs.give(slab);
    slabs.take(8_192);
    expect(slabs.bytes).toBe(2 * SLAB_PAGE_BYTES);
    expect(slabs.take(512).buffer).not.toBe(small[0].buffer);
  });
});
