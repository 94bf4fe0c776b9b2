import type { MetricData } from '@joblet/wire';
import { encodeMetric } from '@joblet/wire';
import { MetricBatchBuilder, type NewMetricRow } from '../metric-batch.js';
import type { ConformanceCase, Theme } from './case.js';
import { readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { JOB, sample, TIME, writeMetrics } from './rows.js';
import { sameMetrics } from './same-rows.js';

const DOUBLES = [0, -0, NaN, Infinity, -Infinity, 0.1, -1.5, 2 ** 53, 1e21, 1e-7, Number.EPSILON].concat([
  Number.MAX_VALUE,
  Number.MIN_VALUE,
  -Number.MIN_VALUE,
]);
const INT64S = [0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const ZEROS: MetricData = { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 };
const NO_DISK = { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n };
const NO_NETWORK = { rxBytes: 0n, txBytes: 0n, rxPackets: 0n, txPackets: 0n };

/** A case that writes samples of one job and reads them back the same. */
function comesBack(name: string, rows: readonly NewMetricRow[]): ConformanceCase {
  return {
    name,
    async run(subject) {
      await writeMetrics(subject.store, rows);
      await subject.check(async (store) => sameMetrics(await readMetrics(store), rows));
    },
  };
}

const overridden: ConformanceCase = {
  name: 'the job id and the time of the row table override those in the bytes',
  async run(subject) {
    const inside = { jobId: 'inside', timestamp: 1n, sequence: 7n, data: ZEROS };
    const bytes = encodeMetric(inside);
    const builder = new MetricBatchBuilder();
    builder.add({ jobId: JOB, timestamp: TIME }, bytes, 0, bytes.length);
    await subject.store.writeMetrics(builder.build());
    await subject.check(async (store) => {
      const written = [{ ...inside, jobId: JOB, timestamp: TIME }];
      sameMetrics(await readMetrics(store), written);
      sameMetrics(await readMetrics(store, { startTime: TIME, endTime: TIME }), written);
      await rejects('JOB_NOT_FOUND', () => readMetrics(store, { jobId: 'inside' }), 'the job id inside');
    });
  },
};

export const metricContent: Theme = {
  name: 'content of metric rows',
  cases: [
    comesBack(
      'doubles: NaN, infinities, -0, the largest and the smallest',
      DOUBLES.map((value) => sample({ data: { ...ZEROS, cpuUsage: value, gpuUsage: value } })),
    ),
    comesBack(
      'integers up to the ends of int64',
      INT64S.map((value) =>
        sample({
          data: {
            ...ZEROS,
            memoryUsage: value,
            diskIo: { readBytes: value, writeBytes: -value - 1n, readOps: value, writeOps: 1n },
            networkIo: { rxBytes: value, txBytes: -value - 1n, rxPackets: 2n, txPackets: value },
          },
        }),
      ),
    ),
    comesBack('data and its parts: absent is not empty', [
      { jobId: JOB, timestamp: TIME, sequence: 0n },
      sample({ data: ZEROS }),
      sample({ data: { ...ZEROS, diskIo: NO_DISK } }),
      sample({ data: { ...ZEROS, networkIo: NO_NETWORK } }),
      sample({ data: { ...ZEROS, diskIo: NO_DISK, networkIo: NO_NETWORK } }),
      { jobId: JOB, timestamp: TIME, sequence: 0n },
    ]),
    comesBack(
      'times as given: 0, negative, beyond 2^53, up to the ends of int64',
      [0n, -1n, 1n, 2n ** 53n + 1n, TIME, 2n ** 63n - 1n, -(2n ** 63n)].map((timestamp) =>
        sample({ timestamp }),
      ),
    ),
    comesBack(
      'sequences up to 2^64-1, in any order',
      [5n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n, 0n, 0n].map((sequence) => sample({ sequence })),
    ),
    comesBack('rows that equal each other in everything', [sample(), sample(), sample()]),
    overridden,
  ],
};
