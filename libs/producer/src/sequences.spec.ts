import { describe, expect, it } from '@jest/globals';
import { Sequences } from './sequences.js';

describe('Sequences', () => {
  it('counts from 0 for each job', () => {
    const sequences = new Sequences(10);
    expect(['a', 'b', 'a', 'a', 'b'].map((job) => sequences.next(job))).toEqual([0n, 0n, 1n, 2n, 1n]);
  });

  it('forgets only jobs that were silent while many others wrote', () => {
    const sequences = new Sequences(10);
    sequences.next('silent');
    for (let job = 0; job < 100; job++) {
      expect(sequences.next(`job-${job}`)).toBe(0n);
      expect(sequences.next('busy')).toBe(BigInt(job));
      if (job === 8) expect(sequences.next('silent')).toBe(1n);
    }
    expect(sequences.next('silent')).toBe(0n);
    expect(sequences['recent'].size + sequences['older'].size).toBeLessThanOrEqual(20);
  });
});
