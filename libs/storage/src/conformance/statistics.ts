import assert from 'node:assert/strict';
import type { Theme } from './case.js';
import { having } from './having.js';
import { lines, samples, writeLogs, writeMetrics } from './rows.js';

export const statistics: Theme = {
  name: 'statistics',
  cases: [
    {
      name: 'jobs, log rows and metric rows are counted, and no longer when they are deleted',
      needs: ['stats'],
      async run(subject) {
        const counted = (jobs: bigint, logRows: bigint, metricRows: bigint) =>
          subject.check(async (store) => {
            const { sizeBytes, ...stats } = await having(store, 'stats').stats();
            assert.deepEqual(stats, { jobs, logRows, metricRows });
            assert.ok(sizeBytes >= 0n);
          });
        await counted(0n, 0n, 0n);
        await writeLogs(subject.store, [...lines(7, { jobId: 'a' }), ...lines(5, { jobId: 'b' })]);
        await writeMetrics(subject.store, [...samples(3, { jobId: 'b' }), ...samples(2, { jobId: 'c' })]);
        await counted(3n, 12n, 5n);
        await subject.store.deleteJob('b');
        await counted(2n, 7n, 2n);
      },
    },
  ],
};
