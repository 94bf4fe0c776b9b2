import { describe, expect, it } from '@jest/globals';
import { Code } from '@connectrpc/connect';
import type { MetricData } from '@joblet/wire';
import { MetricAggregator, parseAggregation, type Aggregation } from './aggregate-metrics.js';

const MINUTE = 60_000_000_000n;

function sample(timestamp: bigint, cpuUsage: number, memoryUsage: bigint, readBytes?: bigint) {
  const data: MetricData = { cpuUsage, memoryUsage, gpuUsage: 0 };
  if (readBytes !== undefined) data.diskIo = { readBytes, writeBytes: 0n, readOps: 0n, writeOps: 0n };
  return { jobId: 'j', timestamp, sequence: 0n, data };
}

function aggregate(
  aggregation: Aggregation,
  stepNs: bigint,
  rows: ReturnType<typeof sample>[],
  rangeStart = 0n,
) {
  const aggregator = new MetricAggregator(aggregation, stepNs, rangeStart);
  for (const row of rows) aggregator.add(row);
  return [...aggregator.results()];
}

describe('aggregation of metrics', () => {
  const rows = [
    sample(MINUTE * 10n + 1n, 1, 10n),
    sample(MINUTE * 11n - 1n, 2, 21n, 5n),
    sample(MINUTE * 11n, 4, 2n ** 62n),
    sample(MINUTE * 13n, 8, -3n),
  ];

  it('gives one value for each step that has samples, at the start of the step', () => {
    const steps = aggregate('sum', MINUTE, [...rows].reverse());
    expect(steps.map(({ timestamp }) => timestamp)).toEqual([MINUTE * 10n, MINUTE * 11n, MINUTE * 13n]);
    expect(steps[0].data).toMatchObject({ cpuUsage: 3, memoryUsage: 31n, diskIo: { readBytes: 5n } });
    expect(steps[1].data.diskIo).toBeUndefined();
  });

  it.each<[Aggregation, number, bigint]>([
    ['avg', 3.75, (2n ** 62n + 28n + 2n) / 4n],
    ['min', 1, -3n],
    ['max', 8, 2n ** 62n],
    ['sum', 15, 2n ** 62n + 28n],
    ['count', 4, 4n],
    ['p50', 2, 10n],
    ['p95', 8, 2n ** 62n],
    ['p99', 8, 2n ** 62n],
  ])('%s over the whole range is exact', (aggregation, cpuUsage, memoryUsage) => {
    const [whole, ...more] = aggregate(aggregation, 0n, rows);
    expect(more).toEqual([]);
    expect(whole.timestamp).toBe(rows[0].timestamp);
    expect(whole.data).toMatchObject({ cpuUsage, memoryUsage });
  });

  it('rounds integer averages to the nearest, also below zero', () => {
    expect(aggregate('avg', 0n, [sample(1n, 0, 1n), sample(1n, 0, 2n)])[0].data.memoryUsage).toBe(2n);
    expect(aggregate('avg', 0n, [sample(1n, 0, -1n), sample(1n, 0, -2n)])[0].data.memoryUsage).toBe(-2n);
  });

  it('stops at what an int64 can hold', () => {
    const most = 2n ** 63n - 1n;
    expect(aggregate('sum', 0n, [sample(1n, 0, most), sample(1n, 0, most)])[0].data.memoryUsage).toBe(most);
    expect(aggregate('avg', 0n, [sample(1n, 0, most), sample(1n, 0, most)])[0].data.memoryUsage).toBe(most);
  });

  it('dates the whole range by its start when there is one', () => {
    expect(aggregate('max', 0n, rows, 7n)[0].timestamp).toBe(7n);
  });

  it('puts times before 1970 into the step that they are in', () => {
    expect(aggregate('max', 10n, [sample(-1n, 1, 1n)])[0].timestamp).toBe(-10n);
  });

  it('refuses what it cannot hold or does not know', () => {
    expect(() => parseAggregation('median')).toThrow('aggregation is "median"; expected one of avg, min');
    expect(() => new MetricAggregator('avg', -1n, 0n)).toThrow('step is -1');
    const many = new MetricAggregator('avg', 1n, 0n);
    for (let time = 1n; time <= 100_000n; time++) many.add(sample(time, 0, 0n));
    expect(() => many.add(sample(100_001n, 0, 0n))).toThrow(
      expect.objectContaining({ code: Code.ResourceExhausted }),
    );
  });
});
