import assert from 'node:assert/strict';
import type { CleanupRequest } from '../features.js';
import type { LogStore } from '../log-store.js';
import type { RowQuery } from '../query.js';
import type { ConformanceCase, Theme } from './case.js';
import { having } from './having.js';
import { rejects } from './rejects.js';
import { line, sample, writeLogs, writeMetrics } from './rows.js';

/** In the year 2096, so that every row of the tests has arrived before it. */
const LIMIT = 4_000_000_000_000_000_000n;

/** The ordinals of the rows that are left; what expired may be told as a gap. */
async function left(
  store: LogStore,
  kind: 'logs' | 'metrics',
  jobId: string,
): Promise<(bigint | undefined)[]> {
  const query: RowQuery = { jobId };
  const ordinals: (bigint | undefined)[] = [];
  for await (const item of kind === 'logs' ? store.readLogs(query) : store.readMetrics(query)) {
    if (item.kind !== 'gap') for (const { ordinal } of item) ordinals.push(ordinal);
  }
  return ordinals;
}

async function cleaned(
  store: LogStore,
  request: CleanupRequest,
  expected: { jobs: string[]; logRows: bigint; metricRows: bigint },
): Promise<void> {
  const { jobs, ...rows } = await having(store, 'retention').cleanup(request);
  assert.deepEqual({ jobs: [...jobs].sort(), ...rows }, expected);
}

async function writeBoth(store: LogStore, jobId: string, ...times: bigint[]): Promise<void> {
  await writeLogs(
    store,
    times.map((timestamp) => line('x', { jobId, timestamp })),
  );
  await writeMetrics(
    store,
    times.map((timestamp) => sample({ jobId, timestamp })),
  );
}

const expires: ConformanceCase = {
  name: 'a job loses its logs (metrics) when its newest row is before the time given, or else none',
  needs: ['retention'],
  async run(subject) {
    await writeBoth(subject.store, 'old', 5n, LIMIT - 1n);
    await writeBoth(subject.store, 'at-the-limit', 5n, LIMIT);
    await writeBoth(subject.store, 'new', LIMIT + 1n, 5n);
    await cleaned(subject.store, { logsBefore: LIMIT }, { jobs: ['old'], logRows: 2n, metricRows: 0n });
    await subject.check(async (store) => {
      assert.deepEqual(await left(store, 'logs', 'old'), []);
      assert.deepEqual(await left(store, 'metrics', 'old'), [0n, 1n]);
      for (const jobId of ['at-the-limit', 'new']) {
        assert.deepEqual(await left(store, 'logs', jobId), [0n, 1n]);
        assert.deepEqual(await left(store, 'metrics', jobId), [0n, 1n]);
      }
    });
    const both = { logsBefore: LIMIT + 1n, metricsBefore: LIMIT };
    await cleaned(subject.store, both, { jobs: ['at-the-limit', 'old'], logRows: 2n, metricRows: 2n });
    await subject.check(async (store) => {
      await rejects('JOB_NOT_FOUND', () => left(store, 'logs', 'old'), 'a job that has lost all');
      assert.deepEqual(await left(store, 'logs', 'at-the-limit'), []);
      assert.deepEqual(await left(store, 'metrics', 'at-the-limit'), [0n, 1n]);
      assert.deepEqual(await left(store, 'logs', 'new'), [0n, 1n]);
    });
    await cleaned(subject.store, both, { jobs: [], logRows: 0n, metricRows: 0n });
  },
};

const dry: ConformanceCase = {
  name: 'a dry run tells the same and removes nothing',
  needs: ['retention'],
  async run(subject) {
    await writeBoth(subject.store, 'a', 1n, 2n, 3n);
    await writeBoth(subject.store, 'b', 1n);
    const request = { logsBefore: LIMIT, metricsBefore: LIMIT };
    const expected = { jobs: ['a', 'b'], logRows: 4n, metricRows: 4n };
    await cleaned(subject.store, { ...request, dryRun: true }, expected);
    await cleaned(subject.store, {}, { jobs: [], logRows: 0n, metricRows: 0n });
    await subject.check(async (store) => {
      assert.deepEqual(await left(store, 'logs', 'a'), [0n, 1n, 2n]);
      assert.deepEqual(await left(store, 'metrics', 'b'), [0n]);
    });
    await cleaned(subject.store, request, expected);
  },
};

const arrived: ConformanceCase = {
  name: 'rows that have just arrived stay, whatever their times',
  needs: ['retention'],
  async run(subject) {
    await writeBoth(subject.store, 'a', 1n, -1n);
    const in2001 = 1_000_000_000_000_000_000n;
    const request = { logsBefore: in2001, metricsBefore: in2001 };
    await cleaned(subject.store, request, { jobs: [], logRows: 0n, metricRows: 0n });
    await subject.check(async (store) => assert.deepEqual(await left(store, 'logs', 'a'), [0n, 1n]));
  },
};

const numberedOn: ConformanceCase = {
  name: 'a job that lost rows and still has others is numbered on from there',
  needs: ['retention'],
  async run(subject) {
    await writeBoth(subject.store, 'a', 1n, 2n, 3n);
    await cleaned(subject.store, { logsBefore: LIMIT }, { jobs: ['a'], logRows: 3n, metricRows: 0n });
    if (subject.supports.durable) await subject.reopen();
    await writeBoth(subject.store, 'a', 4n);
    await subject.check(async (store) => {
      assert.deepEqual(await left(store, 'logs', 'a'), [3n]);
      assert.deepEqual(await left(store, 'metrics', 'a'), [0n, 1n, 2n, 3n]);
    });
  },
};

export const retention: Theme = { name: 'retention', cases: [expires, dry, arrived, numberedOn] };
