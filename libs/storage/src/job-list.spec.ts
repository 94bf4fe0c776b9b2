import { describe, expect, it } from '@jest/globals';
import type { JobInfo, JobListQuery } from './features.js';
import { compareJobs, matchesJobList } from './job-list.js';

const NONE = { rows: 0n, bytes: 0n };

function job(jobId: string, firstTime: bigint, lastTime: bigint, rows = 1n): JobInfo {
  const metrics = { rows, bytes: 0n };
  return { jobId, firstTime, lastTime, stdout: NONE, stderr: NONE, metrics, sizeBytes: 0n, gaps: 0 };
}

describe('matchesJobList', () => {
  const matching: [JobListQuery, boolean][] = [
    [{}, true],
    [{ prefix: 'ci-' }, true],
    [{ prefix: 'ci-12' }, false],
    [{ afterJobId: 'ci-0' }, true],
    [{ afterJobId: 'ci-1' }, false],
    [{ startTime: 20n }, true],
    [{ startTime: 21n }, false],
    [{ endTime: 10n }, true],
    [{ endTime: 9n }, false],
    [{ startTime: 12n, endTime: 13n, prefix: 'c' }, true],
  ];

  it.each(matching)('%p', (query, expected) => {
    expect(matchesJobList(job('ci-1', 10n, 20n), query)).toBe(expected);
  });

  it('has a job without rows in no range of times', () => {
    const ended = job('a', 0n, 0n, 0n);
    expect(matchesJobList(ended, {})).toBe(true);
    expect(matchesJobList(ended, { startTime: 0n })).toBe(false);
    expect(matchesJobList(ended, { endTime: 5n })).toBe(false);
  });
});

describe('compareJobs', () => {
  const jobs = [job('b', 0n, 5n), job('B', 0n, 5n), job('a', 0n, 2n ** 60n), job('a.1', 0n, -1n)];
  const sorted = (sort?: 'id' | 'newest') => [...jobs].sort(compareJobs(sort)).map(({ jobId }) => jobId);

  it('by id, in the order of the bytes', () => {
    expect(sorted()).toEqual(['B', 'a', 'a.1', 'b']);
    expect(sorted('id')).toEqual(sorted());
  });

  it('newest first, then by id', () => {
    expect(sorted('newest')).toEqual(['a', 'B', 'b', 'a.1']);
  });
});
