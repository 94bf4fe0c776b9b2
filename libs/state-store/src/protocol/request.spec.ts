import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newJob } from '../new-job.js';
import { encodeRequest } from './encode-request.js';
import { decodeRequest, type StateRequest } from './request.js';
import { WireError } from './wire-error.js';

function refused(line: string): object {
  try {
    decodeRequest(line);
  } catch (error) {
    if (error instanceof WireError) {
      return { code: error.code, error: error.message, requestId: error.requestId };
    }
    throw error;
  }
  throw new Error(`${line} was taken`);
}

describe('decodeRequest', () => {
  it('takes keys in any case, and a job id under both of its names', () => {
    expect(decodeRequest('{"OP":"get","JobID":"a","RequestId":"r"}')).toEqual({
      op: 'get',
      uuid: 'a',
      requestId: 'r',
    });
    expect(decodeRequest('{"op":"get","job_uuid":"a"}')).toEqual({ op: 'get', uuid: 'a', requestId: '' });
    expect(
      decodeRequest('{"op":"list","FILTER":{"SortBy":"status","Statuses":["A"],"LIMIT":3}}'),
    ).toMatchObject({
      filter: { sortBy: 'status', statuses: ['A'], limit: 3 },
    });
  });

  it('takes null for what is not there, as Go does', () => {
    const nulls = '"requestId":null,"nodeId":null,"owner":null,"filter":null,"expectedVersion":null';
    expect(decodeRequest(`{"op":"list",${nulls}}`)).toEqual({ op: 'list', requestId: '', filter: {} });
    expect(decodeRequest(`{"op":"delete","jobId":"a",${nulls}}`)).toMatchObject({ uuid: 'a' });
  });

  it.each([
    ['{"op":"create","requestId":"1"}', 'INVALID_ARGUMENT', 'CREATE_ERROR: job is required', '1'],
    ['{"op":"update","requestId":"1","job":null}', 'INVALID_ARGUMENT', 'UPDATE_ERROR: job is required', '1'],
    ['{"op":"update","requestId":"1","job":{}}', 'INVALID_ARGUMENT', 'UPDATE_ERROR: jobID is required', '1'],
    ['{"op":"delete","requestId":"1"}', 'INVALID_ARGUMENT', 'DELETE_ERROR: jobID is required', '1'],
    ['{"op":"sync","jobs":null}', 'INVALID_ARGUMENT', 'SYNC_ERROR: jobs array is required', ''],
    ['{"op":"sync","requestId":"1","jobs":[{}]}', 'INVALID_ARGUMENT', 'SYNC_ERROR: jobID is required', '1'],
    ['{"op":"Create","requestId":"1"}', 'UNKNOWN_OPERATION', 'unknown operation: Create', '1'],
    ['{}', 'UNKNOWN_OPERATION', 'unknown operation: ', ''],
  ])('%s: %s, %s', (line, code, error, requestId) => {
    expect(refused(line)).toEqual({ code, error, requestId });
  });

  it.each([
    '',
    '{',
    '7',
    '{"op":7}',
    '{"op":"ping","requestId":7}',
    '{"op":"create","job":"a"}',
    '{"op":"create","job":[]}',
    '{"op":"create","job":{"uuid":7}}',
    '{"op":"create","job":{"uuid":"a","pid":"7"}}',
    '{"op":"create","job":{"uuid":"a","pid":1.5}}',
    '{"op":"create","job":{"uuid":"a","gpuMemoryMB":9223372036854775808}}',
    '{"op":"create","job":{"uuid":"a","args":"x"}}',
    '{"op":"create","job":{"uuid":"a","args":[1]}}',
    '{"op":"create","job":{"uuid":"a","environment":{"a":1}}}',
    '{"op":"create","job":{"uuid":"a","startTime":"yesterday"}}',
    '{"op":"create","job":{"uuid":"a","startTime":"2025-02-30T00:00:00Z"}}',
    '{"op":"sync","jobs":{}}',
    '{"op":"sync","jobs":[null]}',
    '{"op":"list","filter":7}',
    '{"op":"list","filter":{"limit":"7"}}',
    '{"op":"list","filter":{"statuses":[7]}}',
    `{"op":"create","job":{"uuid":"a","x":${'['.repeat(10_001)}${']'.repeat(10_001)}}}`,
  ])('INVALID_JSON without an id, as Go: %.70s', (line) => {
    expect(refused(line)).toEqual({
      code: 'INVALID_JSON',
      error: expect.stringMatching(/^INVALID_JSON: ./),
      requestId: '',
    });
  });

  it.each([
    '{"op":"create","job":{"uuid":"a","secretEnvironment":{"T":"hush"',
    '{"op":"create","job":{"uuid":"a","secretEnvironment":{"T":["hush"]}}}',
  ])('does not tell a secret in its error: %s', (line) =>
    expect(JSON.stringify(refused(line))).not.toMatch(/hush/),
  );

  it.each([0, -1, 1.5, '"1"', '9007199254740993'])('expectedVersion %s: INVALID_ARGUMENT', (version) => {
    const line = `{"op":"update","requestId":"r","job":{"uuid":"a"},"expectedVersion":${version}}`;
    expect(refused(line)).toMatchObject({ code: 'INVALID_ARGUMENT', requestId: 'r' });
  });
});

it('takes the last of two jobs, whatever is wrong with the first', () => {
  const uuids = ['{"uuid":"a","pid":"x","b":1}', '{"UUID":"a"}', '{"uuid":"a"}'].map((first) => {
    const request = decodeRequest(`{"op":"create","job":${first},"Job":{"uuid":"b","pid":1}}`);
    return request.op === 'create' && [...request.job.fields];
  });
  expect(uuids).toEqual(
    Array(3).fill([
      ['uuid', '"b"'],
      ['pid', '1'],
    ]),
  );
  expect(() => decodeRequest('{"op":"create","job":{"uuid":"a"},"job":{"name":"b"}}')).toThrow(
    'CREATE_ERROR: jobID is required',
  );
  expect(() => decodeRequest('{"op":"create","job":{"uuid":"a"},"job":{"uuid":1}}')).toThrow('INVALID_JSON');
});

describe('encodeRequest', () => {
  const job = newJob('{"uuid":"a","big":9007199254740993,"z":1.50,"9":1,"text":"\\u0041\\n"}');

  it.each<StateRequest>([
    { op: 'ping', requestId: 'r' },
    { op: 'create', requestId: 'r', job, owner: 'rnx' },
    { op: 'update', requestId: 'r', job, owner: undefined, expectedVersion: 3 },
    { op: 'get', requestId: 'r', uuid: 'ü"' },
    { op: 'delete', requestId: 'r', uuid: 'a', expectedVersion: undefined },
    {
      op: 'list',
      requestId: 'r',
      filter: { status: 'A', statuses: ['B'], limit: 2, sortBy: 'status', sortDesc: true },
    },
    { op: 'sync', requestId: 'r', jobs: [job, job], nodeId: 'n', owner: 'rnx' },
    { op: 'sync', requestId: '', jobs: [], nodeId: undefined, owner: undefined },
  ])('$op is read as it was written', (request) => {
    const line = encodeRequest(request, 1795253042.9);
    expect(line).toMatch(/^[^\n]*"timestamp":1795253042\}\n$/);
    expect(decodeRequest(line.trimEnd())).toEqual(request);
  });

  it('keeps every JSON value of a job, character for character', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.json()), (members) => {
        const texts = Object.entries(members).map(([key, text]) => `${JSON.stringify(`x${key}`)}: ${text}`);
        const one = newJob(`{"uuid":"a",${texts.join(' , ')}${texts.length > 0 ? ',' : ''}"last":[]}`);
        expect([...one.fields.values()].slice(1, -1)).toEqual(Object.values(members));
        const decoded = decodeRequest(encodeRequest({ op: 'create', requestId: '', job: one }, 0).trimEnd());
        expect(decoded).toEqual({ op: 'create', requestId: '', job: one, owner: undefined });
      }),
    );
  });
});
