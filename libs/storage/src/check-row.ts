import { types } from 'node:util';
import type { NewLogRow } from './log-batch.js';
import type { NewMetricRow } from './metric-batch.js';
import { StorageError } from './storage-error.js';

/** Throws INVALID_ARGUMENT for a number that its field would cut: the wire form takes it modulo 2^64 or 2^32. */
export function checkNewLogRow({ stream, timestamp, sequence, content }: NewLogRow): void {
  if ((stream | 0) !== stream) throw notA('int32', 'stream', stream);
  checkInt64('timestamp', timestamp);
  checkSequence(sequence);
  if (!types.isUint8Array(content))
    throw new TypeError(`content is ${typeof content}; expected a Uint8Array`);
}

/** As `checkNewLogRow`. */
export function checkNewMetricRow({ timestamp, sequence, data }: NewMetricRow): void {
  checkInt64('timestamp', timestamp);
  checkSequence(sequence);
  if (data === undefined) return;
  checkInt64('memoryUsage', data.memoryUsage);
  for (const counters of [data.diskIo, data.networkIo]) {
    for (const [field, value] of Object.entries(counters ?? {})) checkInt64(field, value);
  }
}

function checkInt64(field: string, value: bigint): void {
  if (BigInt.asIntN(64, value) !== value) throw notA('int64', field, value);
}

function checkSequence(sequence = 0n): void {
  if (BigInt.asUintN(64, sequence) !== sequence) throw notA('uint64', 'sequence', sequence);
}

function notA(type: string, field: string, value: number | bigint): StorageError {
  return new StorageError('INVALID_ARGUMENT', `${field} is ${value}; expected ${type}`);
}
