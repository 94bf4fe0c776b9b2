import { describe, expect, it } from '@jest/globals';
import { checkLogQuery, checkMetricQuery } from './check-query.js';
import type { LogQuery } from './query.js';

const JOB = { jobId: 'a' };

const RIGHT: Partial<LogQuery>[] = [
  {},
  { limit: 0, offset: 0 },
  { limit: Number.MAX_SAFE_INTEGER, offset: 3, stream: 2 },
  { tail: 0 },
  { tail: 5, startTime: -5n, endTime: -5n, afterOrdinal: 3n, stream: 0 },
  { endTime: -(2n ** 63n) },
];

const WRONG: [field: string, query: Partial<LogQuery>][] = [
  ['job_id', { jobId: '../x' }],
  ['limit', { limit: -1 }],
  ['limit', { limit: NaN }],
  ['offset', { offset: 0.5 }],
  ['offset', { offset: 2 ** 53 }],
  ['tail', { tail: -Infinity }],
  ['tail', { tail: 1, limit: 1 }],
  ['tail', { tail: 1, offset: 0 }],
  ['start_time', { startTime: 2n, endTime: 1n }],
];

describe('checking a query', () => {
  it.each(RIGHT)('takes %p', (query) => {
    expect(() => checkLogQuery({ ...JOB, ...query })).not.toThrow();
    expect(() => checkMetricQuery({ ...JOB, ...query })).not.toThrow();
  });

  it.each(WRONG)('names %s of %p', (field, query) => {
    const expected = expect.objectContaining({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(new RegExp(`^${field} `)),
    });
    expect(() => checkLogQuery({ ...JOB, ...query })).toThrow(expected);
    expect(() => checkMetricQuery({ ...JOB, ...query })).toThrow(expected);
  });

  it.each([3, -1, 1.5, NaN])('refuses stream %p', (stream) => {
    expect(() => checkLogQuery({ ...JOB, stream })).toThrow(/^stream is/);
  });
});
