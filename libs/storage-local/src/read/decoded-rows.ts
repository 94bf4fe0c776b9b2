import { LogBatch, limits, RowTable } from '@joblet/storage';
import { BATCH_SHARE_MIN } from '../limits.js';

/** Log rows of one job in their wire form, ordinals ascending. */
export interface DecodedRows {
  readonly bytes: Uint8Array;
  /** Row i is `bytes[starts[i], ends[i])`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly timestamps: BigInt64Array;
  readonly ordinals: BigUint64Array;
}

/** Rows [from, to) of some decoded ones. */
export interface RowRange {
  readonly rows: DecodedRows;
  readonly from: number;
  readonly to: number;
}

/** Only these rows. */
export function pickRows(rows: DecodedRows, picked: readonly number[]): DecodedRows {
  const { bytes, starts, ends, timestamps, ordinals } = rows;
  if (picked.length === starts.length) return rows;
  return {
    bytes,
    starts: Uint32Array.from(picked, (row) => starts[row]),
    ends: Uint32Array.from(picked, (row) => ends[row]),
    timestamps: BigInt64Array.from(picked, (row) => timestamps[row]),
    ordinals: BigUint64Array.from(picked, (row) => ordinals[row]),
  };
}

/** The first row whose ordinal is higher. */
export function firstBehind({ ordinals }: DecodedRows, ordinal: bigint): number {
  let low = 0;
  for (let high = ordinals.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (ordinals[middle] <= ordinal) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The rows of all ranges by ordinal, in batches of limited size. */
export function* batchesOf(jobId: string, ranges: readonly RowRange[]): Generator<LogBatch> {
  if (ranges.length === 0) return;
  const isShared = ranges.length === 1 && usesItsBytes(ranges[0]);
  const { rows, from, to } = isShared ? ranges[0] : merged(ranges);
  const { starts, ends } = rows;
  for (let first = from, next = from; first < to; first = next) {
    const stop = Math.min(to, first + limits.BATCH_ROWS_MAX);
    for (let size = 0; next < stop; next++) {
      size += ends[next] - starts[next];
      if (size > limits.BATCH_BYTES_MAX && next > first) break;
    }
    yield new LogBatch(rows.bytes, tableOf(jobId, rows, first, next));
  }
}

/** Whoever keeps a batch keeps its bytes: a few rows must not keep a block. */
function usesItsBytes({ rows: { bytes, starts, ends }, from, to }: RowRange): boolean {
  if (to - from === starts.length && starts.length > limits.BATCH_ROWS_MAX / 2) return true;
  let size = 0;
  for (let row = from; row < to; row++) size += ends[row] - starts[row];
  return size >= bytes.buffer.byteLength / BATCH_SHARE_MIN;
}

function tableOf(jobId: string, rows: DecodedRows, from: number, to: number): RowTable {
  return new RowTable(
    [jobId],
    new Uint32Array(to - from),
    rows.starts.subarray(from, to),
    rows.ends.subarray(from, to),
    rows.timestamps.subarray(from, to),
    rows.ordinals.subarray(from, to),
  );
}

/** Copies the rows. */
function merged(ranges: readonly RowRange[]): RowRange {
  let count = 0;
  let size = 0;
  for (const { rows, from, to } of ranges) {
    count += to - from;
    for (let row = from; row < to; row++) size += rows.ends[row] - rows.starts[row];
  }
  const bytes = Buffer.allocUnsafeSlow(size);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  const timestamps = new BigInt64Array(count);
  const ordinals = new BigUint64Array(count);
  const cursors = ranges.map(({ from }) => from);
  let used = 0;
  for (let row = 0; row < count; row++) {
    const next = nextRange(ranges, cursors);
    const { rows } = ranges[next];
    const at = cursors[next]++;
    const start = rows.starts[at];
    const end = rows.ends[at];
    bytes.set(rows.bytes.subarray(start, end), used);
    starts[row] = used;
    ends[row] = used += end - start;
    timestamps[row] = rows.timestamps[at];
    ordinals[row] = rows.ordinals[at];
  }
  return { rows: { bytes, starts, ends, timestamps, ordinals }, from: 0, to: count };
}

function nextRange(ranges: readonly RowRange[], cursors: readonly number[]): number {
  let next = -1;
  for (let index = 0; index < ranges.length; index++) {
    const { rows, to } = ranges[index];
    const at = cursors[index];
    if (at === to) continue;
    if (next < 0 || rows.ordinals[at] < ranges[next].rows.ordinals[cursors[next]]) next = index;
  }
  return next;
}
