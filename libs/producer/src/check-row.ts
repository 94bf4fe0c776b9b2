import { types } from 'node:util';
import { isJobId } from '@joblet/storage';
import { FRAME_OVERHEAD_MAX } from './limits.js';
import { ProducerError } from './producer-error.js';
import type { NewLog, NewMetric } from './producer.js';

const DISK_FIELDS = ['readBytes', 'writeBytes', 'readOps', 'writeOps'] as const;
const NETWORK_FIELDS = ['rxBytes', 'txBytes', 'rxPackets', 'txPackets'] as const;

/** Throws TypeError, or ProducerError ROW_TOO_LARGE. */
export function checkLog(row: NewLog, frameSizeMax: number): void {
  const { jobId, stream, content, timestamp } = row;
  checkJob(jobId);
  if (stream !== 1 && stream !== 2) throw wrong('stream', stream, '1 (stdout) or 2 (stderr)');
  if (!types.isUint8Array(content)) throw wrong('content', content, 'a Uint8Array');
  if (timestamp !== undefined) checkInt64('timestamp', timestamp);
  const limit = frameSizeMax - FRAME_OVERHEAD_MAX;
  if (content.length <= limit) return;
  throw new ProducerError(
    'ROW_TOO_LARGE',
    `a row of job ${jobId} has ${content.length} bytes; the limit is ${limit} bytes`,
  );
}

/** Throws TypeError. */
export function checkMetric(sample: NewMetric): void {
  const { jobId, data, timestamp } = sample;
  checkJob(jobId);
  if (timestamp !== undefined) checkInt64('timestamp', timestamp);
  if (typeof data !== 'object' || data === null) throw wrong('data', data, 'an object');
  checkNumber('data.cpuUsage', data.cpuUsage);
  checkInt64('data.memoryUsage', data.memoryUsage);
  checkNumber('data.gpuUsage', data.gpuUsage);
  const { diskIo, networkIo } = data;
  if (diskIo) for (const field of DISK_FIELDS) checkInt64(`data.diskIo.${field}`, diskIo[field]);
  if (networkIo) for (const field of NETWORK_FIELDS) checkInt64(`data.networkIo.${field}`, networkIo[field]);
}

function checkJob(jobId: unknown): void {
  if (isJobId(jobId)) return;
  throw wrong('jobId', jobId, '1 to 128 letters, digits, ".", "_" or "-", the first a letter or a digit');
}

function checkNumber(name: string, value: unknown): void {
  if (typeof value !== 'number') throw wrong(name, value, 'a number');
}

function checkInt64(name: string, value: unknown): void {
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value) return;
  throw wrong(name, value, 'a bigint of 64 bits');
}

function wrong(name: string, value: unknown, expected: string): TypeError {
  const found = typeof value === 'string' ? JSON.stringify(value.slice(0, 140)) : String(value);
  return new TypeError(`${name} is ${found}; expected ${expected}`);
}
