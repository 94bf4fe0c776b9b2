import { describe, expect, it } from '@jest/globals';
import { encodeMetric } from '@joblet/wire';
import fc from 'fast-check';
import { metricRows } from './arbitrary-rows.fixture.js';
import { MetricBatch, MetricBatchBuilder, type NewMetricRow } from './metric-batch.js';

const ROW: NewMetricRow = {
  jobId: 'a',
  timestamp: 5n,
  sequence: 6n,
  data: { cpuUsage: 1, memoryUsage: 2n, gpuUsage: 3 },
};

function stored(rows: readonly NewMetricRow[]): MetricBatch {
  const builder = new MetricBatchBuilder();
  rows.forEach((row, index) => {
    const bytes = encodeMetric({ ...row, sequence: row.sequence ?? 0n });
    builder.add(
      { jobId: row.jobId, timestamp: row.timestamp, ordinal: BigInt(index) },
      bytes,
      0,
      bytes.length,
    );
  });
  return builder.build();
}

describe('MetricBatch', () => {
  it('gives the rows that it was made from', () => {
    fc.assert(fc.property(metricRows, (rows) => expect([...MetricBatch.from(rows)]).toEqual(rows)));
  });

  it('takes an absent sequence for 0, and drops ordinals: rows that were read can be written again', () => {
    const row = { jobId: 'a', timestamp: 5n, ordinal: 7n };
    const expected = [{ jobId: 'a', timestamp: 5n, sequence: 0n }, ROW];
    expect([...MetricBatch.from([row, ...stored([ROW])])]).toEqual(expected);
  });

  it('byJob and pick: the rows of each job in order, with their ordinals', () => {
    fc.assert(
      fc.property(metricRows, (rows) => {
        const batch = stored(rows);
        const numbered = rows.map((row, index) => ({ ...row, ordinal: BigInt(index) }));
        for (const [jobId, ofJob] of batch.byJob()) {
          expect([...ofJob]).toEqual(numbered.filter((row) => row.jobId === jobId));
        }
        const even = numbered.filter((_, index) => index % 2 === 0);
        expect([...batch.pick(even.map(({ ordinal }) => Number(ordinal)))]).toEqual(even);
      }),
    );
  });

  it('numbered: the same rows with ordinals in a row', () => {
    expect([...MetricBatch.from([ROW, ROW]).numbered(5n)]).toEqual([
      { ...ROW, ordinal: 5n },
      { ...ROW, ordinal: 6n },
    ]);
  });

  it('refuses what its fields would cut', () => {
    const refused = (row: Partial<NewMetricRow>) =>
      expect(() => MetricBatch.from([{ ...ROW, ...row }])).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    const data = { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 };
    refused({ jobId: '' });
    refused({ timestamp: 2n ** 63n });
    refused({ sequence: -1n });
    refused({ data: { ...data, memoryUsage: 2n ** 63n } });
    refused({
      data: { ...data, diskIo: { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 2n ** 63n } },
    });
    refused({
      data: { ...data, networkIo: { rxBytes: -(2n ** 64n), txBytes: 0n, rxPackets: 0n, txPackets: 0n } },
    });
  });
});
