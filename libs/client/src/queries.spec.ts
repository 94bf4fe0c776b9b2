import { describe, expect, it } from '@jest/globals';
import { jobsRequest, logsRequest, metricsRequest } from './queries.js';

describe('requests', () => {
  it.each([
    [{ limit: 2 ** 31 }, 'limit is 2147483648; expected a whole number from 0 to 2147483647'],
    [{ tail: -1 }, 'tail is -1;'],
    [{ offset: 1.5 }, 'offset is 1.5;'],
    [{ stream: NaN }, 'stream is NaN;'],
    [{ startTime: 2n ** 63n }, 'startTime is 9223372036854775808; expected a whole bigint from 0 to'],
    [{ endTime: -1n }, 'endTime is -1;'],
    [{ afterOrdinal: 2n ** 64n }, 'afterOrdinal is 18446744073709551616;'],
  ])('refuse %p before it reaches the wire', (part, message) => {
    expect(() => logsRequest({ jobId: 'j', ...part })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });

  it('check metrics and lists too', () => {
    expect(() => metricsRequest({ jobId: 'j', step: -5n })).toThrow('step is -5;');
    expect(() => jobsRequest({ limit: -5 })).toThrow('limit is -5;');
  });

  it('take the largest values', () => {
    const query = { jobId: 'j', limit: 2 ** 31 - 1, endTime: 2n ** 63n - 1n, afterOrdinal: 2n ** 64n - 1n };
    expect(logsRequest(query)).toEqual(query);
  });
});
