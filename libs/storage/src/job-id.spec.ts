import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkJobId, isJobId } from './job-id.js';
import { StorageError } from './storage-error.js';

describe('job ids', () => {
  it('are what the pattern of the query API says', () => {
    const pattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
    const likely = fc.string({ unit: fc.constantFrom(...'aZ09._-/\\ \n\0é'), maxLength: 140 });
    const long = fc.integer({ min: 120, max: 140 }).map((length) => 'a'.repeat(length));
    fc.assert(
      fc.property(fc.oneof(likely, long, fc.string()), (jobId) => {
        expect(isJobId(jobId)).toBe(pattern.test(jobId));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['', '.', '..', '.a', '-a', '_a', 'a/b', 'a\0', 'a\n', 'a b', 'é', 'x'.repeat(129)])(
    '%j is none',
    (jobId) => {
      expect(isJobId(jobId)).toBe(false);
    },
  );

  it('are strings', () => {
    for (const value of [undefined, null, 1, {}, ['a'], Buffer.from('a')]) expect(isJobId(value)).toBe(false);
  });

  it('are refused with what was found and what was expected, however long', () => {
    const message = (jobId: unknown) => {
      try {
        checkJobId(jobId);
      } catch (error) {
        if (error instanceof StorageError && error.code === 'INVALID_ARGUMENT') return error.message;
        throw error;
      }
      return undefined;
    };
    expect(message('a')).toBeUndefined();
    expect(message('../x\n')).toContain('job_id is "../x\\n"; expected 1 to 128');
    expect(message(5)).toContain('job_id is number');
    expect(message('x'.repeat(1_000_000))?.length).toBeLessThan(300);
  });
});
