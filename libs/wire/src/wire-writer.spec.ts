import { describe, expect, it } from '@jest/globals';
import { encodeIpcMessage, encodeLogLine } from './index.js';

const line = { jobId: 'j', stream: 1, timestamp: 0n, sequence: 0n, content: Buffer.alloc(0) };
const message = { version: 1, type: 1, jobId: 'j', timestamp: 0n, sequence: 0n, data: Buffer.alloc(0) };

describe('encoding refuses a number that its field does not hold', () => {
  it.each([
    ['2147483648 is not a signed 32-bit integer', () => encodeLogLine({ ...line, stream: 2 ** 31 })],
    ['1.5 is not a signed 32-bit integer', () => encodeLogLine({ ...line, stream: 1.5 })],
    ['-1 is not an unsigned 32-bit integer', () => encodeIpcMessage({ ...message, version: -1 })],
    ['4294967296 is not an unsigned', () => encodeIpcMessage({ ...message, version: 2 ** 32 })],
    ['9223372036854775808 is not a signed', () => encodeLogLine({ ...line, timestamp: 2n ** 63n })],
    ['-9223372036854775809 is not a signed', () => encodeLogLine({ ...line, timestamp: -(2n ** 63n) - 1n })],
    ['18446744073709551616 is not an unsigned', () => encodeLogLine({ ...line, sequence: 2n ** 64n })],
    ['-1 is not an unsigned 64-bit integer', () => encodeIpcMessage({ ...message, sequence: -1n })],
  ])('%s', (problem, encode) => {
    expect(encode).toThrow(TypeError);
    expect(encode).toThrow(problem);
  });
});
