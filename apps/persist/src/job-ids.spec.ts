import { expect, it } from '@jest/globals';
import { isJobId } from '@joblet/storage';
import * as fc from 'fast-check';
import { JobIds } from './job-ids.js';
import { JOB_IDS_REMEMBERED } from './limits.js';

const SEED = 20_261_121;

it('gives what the bytes say, and nothing for what is no job id, whatever was asked before', () => {
  const text = fc.oneof(
    fc.constantFrom('a', 'b', 'job-1', 'job-2', '', '..', '.a', 'a'.repeat(128), 'a'.repeat(129), '\u{e9}a'),
    fc.string({ unit: 'binary-ascii', maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 60 }), (texts) => {
      const jobIds = new JobIds();
      for (const id of texts) {
        const bytes = Buffer.from(`<${id}>`, 'latin1');
        expect(jobIds.get(bytes, 1, bytes.length - 1)).toBe(isJobId(id) ? id : undefined);
        // What is remembered does not change with the bytes that it came from.
        bytes.fill('x');
      }
    }),
    { seed: SEED, numRuns: 300 },
  );
});

it('tells more ids apart than it remembers', () => {
  const jobIds = new JobIds();
  const ids = Array.from({ length: 3 * JOB_IDS_REMEMBERED }, (_, index) => `job-${index}`);
  const wrong = [...ids, ...ids].filter((id) => jobIds.get(Buffer.from(id), 0, id.length) !== id);
  expect(wrong).toEqual([]);
});
