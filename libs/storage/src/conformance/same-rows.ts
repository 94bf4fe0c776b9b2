import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { inspect, isDeepStrictEqual } from 'node:util';
import type { LogRow, NewLogRow } from '../log-batch.js';
import type { MetricRow, NewMetricRow } from '../metric-batch.js';

/** Contents up to this are shown whole when they differ, larger ones by their hash. */
const SHOWN_BYTES_MAX = 80;

/** The rows found are those written, all of one job and in this order, with ordinals from `firstOrdinal` on. */
export function sameLogs(found: readonly LogRow[], written: readonly NewLogRow[], firstOrdinal = 0n): void {
  sameList(found.map(shownLog), numbered(written, firstOrdinal).map(shownLog));
}

/** As `sameLogs`. */
export function sameMetrics(
  found: readonly MetricRow[],
  written: readonly NewMetricRow[],
  firstOrdinal = 0n,
): void {
  sameList(found.map(shownMetric), numbered(written, firstOrdinal).map(shownMetric));
}

/** As assert.deepEqual, but quick and readable for long lists: tells the first item that differs. */
export function sameList(found: readonly unknown[], expected: readonly unknown[], what = 'rows'): void {
  const length = Math.max(found.length, expected.length);
  for (let index = 0; index < length; index++) {
    if (isDeepStrictEqual(found[index], expected[index])) continue;
    assert.fail(
      `${found.length} ${what}, expected ${expected.length}; the first that differs is number ${index}` +
        `${differingFields(found[index], expected[index])}: ` +
        `found ${shown(found, index)}, expected ${shown(expected, index)}`,
    );
  }
}

/** Rows that were read, for comparison: only plain values, so that it does not matter what made them. */
export function shownLog({ jobId, stream, timestamp, sequence, ordinal, content }: LogRow): object {
  return { jobId, stream, timestamp, sequence, ordinal, content: shownBytes(content) };
}

/** As `shownLog`. */
export function shownMetric({ jobId, timestamp, sequence, ordinal, data }: MetricRow): object {
  const row = { jobId, timestamp, sequence, ordinal };
  if (data === undefined) return row;
  const { diskIo, networkIo, ...rest } = data;
  const io = { ...(diskIo && { diskIo: { ...diskIo } }), ...(networkIo && { networkIo: { ...networkIo } }) };
  return { ...row, data: { ...rest, ...io } };
}

function numbered<Row extends { readonly sequence?: bigint }>(rows: readonly Row[], firstOrdinal: bigint) {
  return rows.map((row, index) => ({
    ...row,
    sequence: row.sequence ?? 0n,
    ordinal: firstOrdinal + BigInt(index),
  }));
}

function shownBytes(bytes: Uint8Array): string {
  if (bytes.length > SHOWN_BYTES_MAX) {
    return `${bytes.length} bytes, SHA-256 ${createHash('sha256').update(bytes).digest('hex')}`;
  }
  return `${bytes.length} bytes, hex ${Buffer.from(bytes).toString('hex')}`;
}

/** ` (in ordinal)`: what to look for in two long items. */
function differingFields(found: unknown, expected: unknown): string {
  if (!isObject(found) || !isObject(expected)) return '';
  const names = new Set([...Object.keys(found), ...Object.keys(expected)]);
  return ` (in ${[...names].filter((name) => !isDeepStrictEqual(found[name], expected[name])).join(', ')})`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function shown(list: readonly unknown[], index: number): string {
  return index < list.length ? inspect(list[index], { breakLength: Infinity, depth: 4 }) : 'nothing';
}
