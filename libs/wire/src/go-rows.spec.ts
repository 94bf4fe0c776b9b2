import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  decodeLogRow,
  decodeMetricRow,
  encodeLogLine,
  encodeMetric,
  type MetricData,
  RowEncoder,
} from './index.js';

const store = new URL('../../../testdata/go/store/', import.meta.url);
const GO_MEMBER = Buffer.from('1f8b08000000000000ff', 'hex');

/** The complete rows of every gzip member of a file, as far as each inflates. */
function rowsOf(path: string): Buffer[] {
  const file = readFileSync(new URL(path, store));
  const rows: Buffer[] = [];
  for (let start = 0; start >= 0 && start < file.length;) {
    const next = file.indexOf(GO_MEMBER, start + 1);
    const text = inflated(file.subarray(start, next < 0 ? file.length : next));
    for (let from = 0, end; (end = text.indexOf('\n', from) + 1) > 0; from = end) {
      rows.push(text.subarray(from, end));
    }
    start = next;
  }
  return rows;
}

/** Nothing, for a member that is damaged inside. */
function inflated(member: Buffer): Buffer {
  try {
    return gunzipSync(member, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}

function encodeLog(row: Buffer): Buffer {
  const encoder = new RowEncoder({ content: 'base64' });
  const line = decodeLogRow(row, 0, row.length);
  const bytes = encodeLogLine(line);
  encoder.logRow(line, bytes, 0, bytes.length);
  return encoder.take();
}

function encodeSample(row: Buffer): Buffer {
  const encoder = new RowEncoder({ content: 'base64' });
  const metric = decodeMetricRow(row, 0, row.length);
  const bytes = encodeMetric(metric);
  encoder.metricRow(metric, bytes, 0, bytes.length);
  return encoder.take();
}

describe('rows that the Go service wrote', () => {
  it.each([
    ['logs/clean/stdout.log.gz', 270],
    ['logs/clean/stderr.log.gz', 30],
    ['logs/torn/stdout.log.gz', 540],
    ['logs/torn/stderr.log.gz', 60],
    ['logs/oldgen/stdout.log.gz', 270],
    ['logs/torn2/stdout.log.gz', 268],
    ['logs/hole/stdout.log.gz', 225],
  ])('%s: read and written again, are the same bytes', (path, count) => {
    const rows = rowsOf(path);
    expect(rows).toHaveLength(count);
    for (const row of rows) expect(encodeLog(row).toString()).toBe(row.toString());
  });

  it.each([
    ['metrics/clean/metrics.jsonl.gz', 6],
    ['metrics/torn/metrics.jsonl.gz', 12],
  ])('%s: read and written again, are the same bytes', (path, count) => {
    const rows = rowsOf(path);
    expect(rows).toHaveLength(count);
    for (const row of rows) expect(encodeSample(row).toString()).toBe(row.toString());
  });
});

/** What Go 1.26's encoding/json writes for these. */
describe('as in Go', () => {
  it.each([
    [1e-7, '1e-7'],
    [-1e-7, '-1e-7'],
    [9.99e-7, '9.99e-7'],
    [1e-6, '0.000001'],
    [1.5e-10, '1.5e-10'],
    [5e-324, '5e-324'],
    [0.1, '0.1'],
    [1 / 3, '0.3333333333333333'],
    [123456.789, '123456.789'],
    [1e16, '10000000000000000'],
    [1e20, '100000000000000000000'],
    [999999999999999900000, '999999999999999900000'],
    [1e21, '1e+21'],
    [1.5e21, '1.5e+21'],
    [1e100, '1e+100'],
    [Number.MAX_VALUE, '1.7976931348623157e+308'],
  ])('the number %d is written %s', (cpuUsage, written) => {
    const data: MetricData = { cpuUsage, memoryUsage: 0n, gpuUsage: 0 };
    const bytes = encodeMetric({ jobId: '', timestamp: 0n, sequence: 0n, data });
    const encoder = new RowEncoder();
    encoder.metricRow({ jobId: '', timestamp: 0n }, bytes, 0, bytes.length);
    expect(encoder.take().toString()).toBe(`{"data":{"cpu_usage":${written}}}\n`);
  });

  it('a job id escapes what HTML and JavaScript would misread', () => {
    const encoder = new RowEncoder();
    encoder.logRow({ jobId: 'a<b>&c\u2028\u2029"\\/\x01\n\x7fé😀', timestamp: 0n }, Buffer.alloc(0), 0, 0);
    expect(encoder.take().toString()).toBe(
      '{"job_id":"a\\u003cb\\u003e\\u0026c\\u2028\\u2029\\"\\\\/\\u0001\\n\x7fé😀"}\n',
    );
  });
});
