import { create, fromBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from '@jest/globals';
import { ListJobsRequestSchema, QueryLogsRequestSchema } from '@joblet/proto/persist';
import { jobListQuery, logQuery } from './query-request.js';

const parse = (request: MessageInitShape<typeof QueryLogsRequestSchema>) =>
  logQuery(create(QueryLogsRequestSchema, { jobId: 'j', ...request }));

describe('what a request asks for', () => {
  it('zero, or a limit below, is no condition', () => {
    expect(parse({})).toEqual({ jobId: 'j' });
    expect(parse({ limit: -1, stream: 0, startTime: 0n, tail: 0 })).toEqual({ jobId: 'j' });
  });

  it('takes every condition', () => {
    const query = parse({
      stream: 2,
      startTime: 1n,
      endTime: 2n,
      limit: 3,
      offset: 4,
      afterOrdinal: 0n,
      filter: 'ü',
    });
    const { filter, ...rest } = query;
    expect(rest).toEqual({
      jobId: 'j',
      stream: 2,
      startTime: 1n,
      endTime: 2n,
      limit: 3,
      offset: 4,
      afterOrdinal: 0n,
    });
    expect(filter!.literals.map((literal) => Buffer.from(literal).toString())).toEqual(['ü']);
  });

  it.each([
    [{ jobId: '../x' }, 'job_id is "../x"'],
    [{ jobId: '' }, 'job_id is ""'],
    [{ offset: -1 }, 'offset is -1'],
    [{ tail: -2 }, 'tail is -2'],
    [{ startTime: -1n }, 'start_time is -1'],
    [{ endTime: -5n }, 'end_time is -5'],
    [{ query: 'level=error' }, 'query is set'],
  ])('refuses %j naming the field', (request, message) => {
    expect(() => parse(request)).toThrow(message);
  });

  it('refuses a sort that is none', () => {
    // What a newer client may send: not a value that the types allow.
    const request = fromBinary(ListJobsRequestSchema, Uint8Array.of(0x20, 7));
    expect(() => jobListQuery(request)).toThrow('sort is 7');
  });
});
