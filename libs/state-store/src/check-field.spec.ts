import { describe, expect, it } from '@jest/globals';
import { newJob } from './new-job.js';

const ofField = (field: string, json: string) => () => newJob(`{"uuid":"j","${field}":${json}}`);

// What Go's decoder takes for the daemon's struct, and what makes it refuse a whole list.
describe('a known field', () => {
  it.each([
    ['ExitCode', '-2147483648'],
    ['pid', '2147483647'],
    ['pid', 'null'],
    ['gpuMemoryMB', '9223372036854775807'],
    ['GPUIndices', '[0,null,-2147483648,2147483647]'],
    ['gpuIndices', '[]'],
    ['uploads', '[null,{}]'],
    [
      'uploads',
      '[{"path":"a","content":"aGk=","mode":4294967295,"isDirectory":false,"size":9007199254740993}]',
    ],
    ['Uploads', '[{"Path":null,"CONTENT":"aG\\r\\nk=","Mode":0,"other":{"x":1e400}}]'],
    ['limits', '{"CPU":{},"other":12345678901234567890}'],
  ])('may have %s: %s', (field, json) => {
    expect(ofField(field, json)).not.toThrow();
  });

  it.each([
    ['exitCode', '99999999999', 'expected an int32'],
    ['exitCode', '2147483648', 'expected an int32'],
    ['exitCode', '1.0', 'expected an int32'],
    ['gpuMemoryMB', '9223372036854775808', 'expected an int64'],
    ['gpuIndices', '[3000000000]', 'expected a list of int32'],
    ['gpuIndices', '[1.0]', 'expected a list of int32'],
    ['uploads', '[{"mode":-1}]', 'expected a list of uploads'],
    ['uploads', '[{"Content":"!!!"}]', 'content in base64'],
    ['uploads', '[{"content":"aGk"}]', 'content in base64'],
    ['uploads', '[{"path":1}]', 'expected a list of uploads'],
    ['uploads', '[{"isDirectory":0}]', 'expected a list of uploads'],
    ['uploads', '[{"size":0.5}]', 'expected a list of uploads'],
    ['uploads', '["a"]', 'expected a list of uploads'],
  ])('may not have %s: %s', (field, json, expected) => {
    expect(ofField(field, json)).toThrow(expect.objectContaining({ code: 'INVALID_JSON' }));
    expect(ofField(field, json)).toThrow(expected);
  });
});
