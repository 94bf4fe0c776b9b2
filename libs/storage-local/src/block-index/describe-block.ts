import { LogLineFields, MetricFields, scanLogLine, scanMetric, type MetricData } from '@joblet/wire';
import type { BlockRows } from '../block/block-rows.js';
import { METRIC_FIELDS, PARTS, type BlockSummary, type FieldSummary } from './block-summary.js';
import { addGrams, encodeFilter, filterBits, newBitmap } from './filter.js';

export interface DescribedBlock {
  /** Its `memberCrc32c` is 0: the member is not made yet. */
  readonly summary: BlockSummary;
  /** As it is stored; empty when there is nothing to look for. */
  readonly filter: Uint8Array;
}

const NO_FILTER = new Uint8Array(0);
const line = new LogLineFields();
const sample = new MetricFields();

/** What an index says of the LogLines with these numbers (ascending, at least one). Throws WireError. */
export function describeLogs(rows: BlockRows, picked: ArrayLike<number>): DescribedBlock {
  const starts = new Uint32Array(picked.length);
  const ends = new Uint32Array(picked.length);
  const partBytes = new Float64Array(PARTS);
  let contentBytes = 0;
  for (let i = 0; i < picked.length; i++) {
    const row = picked[i];
    scanLogLine(rows.bytes, rows.starts[row], rows.ends[row], line);
    starts[i] = line.contentStart;
    ends[i] = line.contentEnd;
    const length = line.contentEnd - line.contentStart;
    partBytes[partOf(i, picked.length)] += length;
    contentBytes += length;
  }
  const summary = summarise(rows, picked, partBytes, contentBytes, undefined);
  if (contentBytes === 0) return { summary, filter: NO_FILTER };
  const bits = filterBits(contentBytes);
  const bitmap = newBitmap(bits);
  for (let i = 0; i < picked.length; i++) addGrams(bitmap, bits, rows.bytes, starts[i], ends[i]);
  return { summary, filter: encodeFilter(bitmap, bits) };
}

/** As `describeLogs`, of Metrics. */
export function describeMetrics(rows: BlockRows, picked: ArrayLike<number>): DescribedBlock {
  const fields: (FieldSummary | undefined)[] = new Array<undefined>(METRIC_FIELDS).fill(undefined);
  for (let i = 0; i < picked.length; i++) {
    const row = picked[i];
    scanMetric(rows.bytes, rows.starts[row], rows.ends[row], sample);
    if (sample.data === undefined) continue;
    const values = fieldValues(sample.data);
    for (let field = 0; field < METRIC_FIELDS; field++) {
      const value = values[field];
      if (value !== undefined) fields[field] = withValue(fields[field], value);
    }
  }
  const described = fields.map((field) => field ?? NO_VALUES);
  return { summary: summarise(rows, picked, new Float64Array(PARTS), 0, described), filter: NO_FILTER };
}

/** Of a field that no row has. */
export const NO_VALUES: FieldSummary = { count: 0, min: 0, max: 0, sum: 0 };

/** The 16th of a block that has row `index`. */
function partOf(index: number, rows: number): number {
  return Math.floor((index * PARTS) / rows);
}

/** How many rows each part has of so many. */
export function partRowsOf(rows: number): Uint32Array {
  return Uint32Array.from(
    { length: PARTS },
    (_, part) => Math.ceil(((part + 1) * rows) / PARTS) - Math.ceil((part * rows) / PARTS),
  );
}

export function summarise(
  { timestamps, ordinals }: BlockRows,
  picked: ArrayLike<number>,
  partBytes: Float64Array,
  contentBytes: number,
  fields: readonly FieldSummary[] | undefined,
): BlockSummary {
  const rows = picked.length;
  const partRows = partRowsOf(rows);
  const partTimes = new BigInt64Array(2 * PARTS);
  const halves = new Int32Array(timestamps.buffer, timestamps.byteOffset, 2 * timestamps.length);
  let timeMin = timestamps[picked[0]];
  let timeMax = timeMin;
  for (let part = 0, i = 0; part < PARTS; part++) {
    if (partRows[part] === 0) continue;
    let min = picked[i];
    let max = min;
    for (const end = i + partRows[part]; i < end; i++) {
      const row = picked[i];
      if (isBefore(halves, row, min)) min = row;
      if (isBefore(halves, max, row)) max = row;
    }
    partTimes[2 * part] = timestamps[min];
    partTimes[2 * part + 1] = timestamps[max];
    if (timestamps[min] < timeMin) timeMin = timestamps[min];
    if (timestamps[max] > timeMax) timeMax = timestamps[max];
  }
  return {
    rows,
    firstOrdinal: ordinals[picked[0]],
    lastOrdinal: ordinals[picked[rows - 1]],
    timeMin,
    timeMax,
    contentBytes: BigInt(contentBytes),
    memberCrc32c: 0,
    partRows,
    partBytes,
    partTimes,
    fields,
  };
}

/** Compares two times by their 32-bit halves, low ones first: no bigint is made for a row. */
function isBefore(halves: Int32Array, a: number, b: number): boolean {
  const highA = halves[2 * a + 1];
  const highB = halves[2 * b + 1];
  return highA === highB ? halves[2 * a] >>> 0 < halves[2 * b] >>> 0 : highA < highB;
}

/** In the order of the proto; undefined where the row has none. */
function fieldValues({
  cpuUsage,
  memoryUsage,
  gpuUsage,
  diskIo,
  networkIo,
}: MetricData): (number | bigint | undefined)[] {
  return [
    cpuUsage,
    memoryUsage,
    gpuUsage,
    diskIo?.readBytes,
    diskIo?.writeBytes,
    diskIo?.readOps,
    diskIo?.writeOps,
    networkIo?.rxBytes,
    networkIo?.txBytes,
    networkIo?.rxPackets,
    networkIo?.txPackets,
  ];
}

/** NaN is neither least nor greatest as long as there is another value; the sum becomes NaN. */
function withValue(field: FieldSummary | undefined, value: number | bigint): FieldSummary {
  if (field === undefined) return { count: 1, min: value, max: value, sum: value };
  const { count, min, max, sum } = field;
  return {
    count: count + 1,
    min: value < min || Number.isNaN(min) ? value : min,
    max: value > max || Number.isNaN(max) ? value : max,
    sum: typeof sum === 'bigint' && typeof value === 'bigint' ? sum + value : Number(sum) + Number(value),
  };
}
