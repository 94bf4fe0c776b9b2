import { describe, expect, it } from '@jest/globals';
import { checkLog, checkMetric } from './check-row.js';
import type { NewLog, NewMetric } from './producer.js';

const log: NewLog = { jobId: 'job-1', stream: 1, content: new Uint8Array(1) };
const data = { cpuUsage: 1, memoryUsage: 5n, gpuUsage: 0 };
const counters = { readBytes: 1n, writeBytes: 2n, readOps: 3n, writeOps: 4n };
const metric: NewMetric = { jobId: 'job-1', data };

describe('checkLog', () => {
  it('takes what is right', () => {
    checkLog({ ...log, stream: 2, timestamp: -(2n ** 63n), content: Buffer.from('x') }, 1_024);
    checkLog({ ...log, jobId: `J${'.'.repeat(127)}` }, 1_024);
  });

  it.each<[object, string]>([
    [{ jobId: '' }, 'jobId is ""; expected 1 to 128 letters'],
    [{ jobId: '../etc' }, 'jobId is "../etc"'],
    [{ jobId: undefined }, 'jobId is undefined'],
    [{ stream: 0 }, 'stream is 0; expected 1 (stdout) or 2 (stderr)'],
    [{ content: 'text' }, 'content is "text"; expected a Uint8Array'],
    [{ content: new Uint16Array(1) }, 'content is 0; expected a Uint8Array'],
    [{ timestamp: 5 }, 'timestamp is 5; expected a bigint of 64 bits'],
    [{ timestamp: 2n ** 63n }, 'timestamp is 9223372036854775808'],
  ])('refuses %j', (wrong, message) => {
    const check = () => checkLog(Object.assign({ ...log }, wrong), 1_024);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(message);
  });
});

describe('checkMetric', () => {
  it('takes what is right', () => {
    checkMetric({ ...metric, data: { ...data, cpuUsage: NaN, diskIo: counters }, timestamp: 1n });
  });

  it.each<[object, string]>([
    [{ jobId: ' ' }, 'jobId is " "'],
    [{ timestamp: '1' }, 'timestamp is "1"'],
    [{ data: null }, 'data is null; expected an object'],
    [{ data: { ...data, cpuUsage: '1' } }, 'data.cpuUsage is "1"; expected a number'],
    [{ data: { ...data, memoryUsage: 5 } }, 'data.memoryUsage is 5'],
    [{ data: { ...data, gpuUsage: undefined } }, 'data.gpuUsage is undefined'],
    [{ data: { ...data, diskIo: { ...counters, writeOps: 1 } } }, 'data.diskIo.writeOps is 1'],
    [{ data: { ...data, networkIo: { rxBytes: 1n } } }, 'data.networkIo.txBytes is undefined'],
  ])('refuses what it should: %#', (wrong, message) => {
    const check = () => checkMetric(Object.assign({ ...metric }, wrong));
    expect(check).toThrow(TypeError);
    expect(check).toThrow(message);
  });
});
