import assert from 'node:assert/strict';
import type { JobInfo, JobListQuery } from '../features.js';
import type { LogStore } from '../log-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { having } from './having.js';
import { JOB, line, sample, TIME, writeLogs, writeMetrics } from './rows.js';
import { sameList } from './same-rows.js';

const NOTHING = { rows: 0n, bytes: 0n };

async function listed(store: LogStore, query?: JobListQuery): Promise<JobInfo[]> {
  const jobs: JobInfo[] = [];
  for await (const job of having(store, 'listJobs').listJobs(query)) jobs.push(job);
  return jobs;
}

async function sameIds(store: LogStore, query: JobListQuery, expected: readonly string[]): Promise<void> {
  const ids = (await listed(store, query)).map(({ jobId }) => jobId);
  sameList(ids, expected, `jobs of ${Object.entries(query).join(' and ')}`);
}

/** The job's numbers; what a job takes in the medium is the store's own affair. */
async function sameInfo(store: LogStore, expected: Omit<JobInfo, 'sizeBytes'>): Promise<void> {
  const { jobId } = expected;
  const [inList] = await listed(store, { prefix: jobId });
  for (const { sizeBytes, ...info } of [await having(store, 'listJobs').getJobInfo(jobId), inList]) {
    assert.ok(sizeBytes >= 0n);
    assert.deepEqual(
      { ...info, stdout: { ...info.stdout }, stderr: { ...info.stderr }, metrics: { ...info.metrics } },
      expected,
    );
  }
}

const numbers: ConformanceCase = {
  name: 'the numbers of a job: times, rows, bytes of content',
  needs: ['listJobs'],
  async run(subject) {
    const at = (timestamp: bigint, stream = 1) => ({ stream, timestamp });
    await writeLogs(subject.store, [line('four', at(TIME)), line('äö', at(TIME - 5n, 2))]);
    await writeLogs(subject.store, [
      line('', at(TIME - 1n)),
      line('xyz', at(TIME - 2n, 7)),
      line('0', at(TIME, 0)),
    ]);
    await subject.check((store) =>
      sameInfo(store, {
        jobId: JOB,
        firstTime: TIME - 5n,
        lastTime: TIME,
        stdout: { rows: 4n, bytes: 8n },
        stderr: { rows: 1n, bytes: 4n },
        metrics: NOTHING,
        gaps: 0,
      }),
    );
    await writeMetrics(subject.store, [sample({ timestamp: TIME + 9n }), sample({ timestamp: TIME - 9n })]);
    await subject.check((store) =>
      sameInfo(store, {
        jobId: JOB,
        firstTime: TIME - 9n,
        lastTime: TIME + 9n,
        stdout: { rows: 4n, bytes: 8n },
        stderr: { rows: 1n, bytes: 4n },
        metrics: { rows: 2n, bytes: 0n },
        gaps: 0,
      }),
    );
  },
};

const oneKind: ConformanceCase = {
  name: 'jobs with one kind of rows are listed, deleted ones and empty batches are not',
  needs: ['listJobs'],
  async run(subject) {
    await writeLogs(subject.store, [line('x', { jobId: 'logs-only' }), line('x', { jobId: 'gone' })]);
    await writeMetrics(subject.store, [sample({ jobId: 'metrics-only', timestamp: 3n })]);
    await writeLogs(subject.store, []);
    await subject.store.deleteJob('gone');
    await subject.check(async (store) => {
      await sameIds(store, {}, ['logs-only', 'metrics-only']);
      await sameInfo(store, {
        jobId: 'metrics-only',
        firstTime: 3n,
        lastTime: 3n,
        stdout: NOTHING,
        stderr: NOTHING,
        metrics: { rows: 1n, bytes: 0n },
        gaps: 0,
      });
    });
  },
};

const sorted: ConformanceCase = {
  name: 'sorted by id, in the order of the bytes, or by the newest row, then by id',
  needs: ['listJobs'],
  async run(subject) {
    assert.deepEqual(await listed(subject.store), []);
    const times = new Map([
      ['b', 5n],
      ['a', 7n],
      ['B', 7n],
      ['a-1', 1n],
      ['a.1', 9n],
      ['a0', -1n],
      ['a_', 0n],
      ['10', 2n],
      ['9', 2n],
    ]);
    for (const [jobId, timestamp] of times) {
      await writeLogs(subject.store, [line('old', { jobId, timestamp: -5n })]);
      await writeMetrics(subject.store, [sample({ jobId, timestamp })]);
    }
    await subject.check(async (store) => {
      const byId = ['10', '9', 'B', 'a', 'a-1', 'a.1', 'a0', 'a_', 'b'];
      await sameIds(store, {}, byId);
      await sameIds(store, { sort: 'id' }, byId);
      await sameIds(store, { sort: 'newest' }, ['a.1', 'B', 'a', 'b', '10', '9', 'a-1', 'a_', 'a0']);
    });
  },
};

const selected: ConformanceCase = {
  name: 'only ids with the prefix and jobs whose times overlap the range',
  needs: ['listJobs'],
  async run(subject) {
    for (const [jobId, first, last] of [
      ['ci-1', 10n, 20n],
      ['ci-10', 30n, 40n],
      ['ci-2', 15n, 35n],
      ['cd-1', 0n, 100n],
    ] as const) {
      await writeLogs(subject.store, [line('x', { jobId, timestamp: last })]);
      await writeMetrics(subject.store, [sample({ jobId, timestamp: first })]);
    }
    await subject.check(async (store) => {
      await sameIds(store, { prefix: 'ci-' }, ['ci-1', 'ci-10', 'ci-2']);
      await sameIds(store, { prefix: 'ci-1' }, ['ci-1', 'ci-10']);
      await sameIds(store, { prefix: 'CI' }, []);
      for (const prefix of ['../', '/', 'ci-1/', '*', '\0', '-', 'x'.repeat(500)])
        await sameIds(store, { prefix }, []);
      await sameIds(store, { prefix: '' }, ['cd-1', 'ci-1', 'ci-10', 'ci-2']);
      await sameIds(store, { afterJobId: 'ci-1' }, ['ci-10', 'ci-2']);
      await sameIds(store, { prefix: 'c', afterJobId: 'cd-2', endTime: 15n }, ['ci-1', 'ci-2']);
      await sameIds(store, { startTime: 36n }, ['cd-1', 'ci-10']);
      await sameIds(store, { startTime: 35n }, ['cd-1', 'ci-10', 'ci-2']);
      await sameIds(store, { endTime: 14n }, ['cd-1', 'ci-1']);
      await sameIds(store, { endTime: 15n }, ['cd-1', 'ci-1', 'ci-2']);
      await sameIds(store, { startTime: 21n, endTime: 29n }, ['cd-1', 'ci-2']);
      await sameIds(store, { startTime: 101n }, []);
      await sameIds(store, { prefix: 'ci', startTime: 20n, endTime: 30n, sort: 'newest' }, [
        'ci-10',
        'ci-2',
        'ci-1',
      ]);
    });
  },
};

const brokenOff: ConformanceCase = {
  name: 'a listing of many jobs is complete, and may be broken off',
  needs: ['listJobs'],
  async run(subject) {
    const ids = Array.from({ length: 300 }, (_, index) => `job-${String(index).padStart(3, '0')}`);
    await writeLogs(
      subject.store,
      ids.map((jobId) => line('x', { jobId })),
    );
    await subject.check(async (store) => {
      for (let round = 0; round < 20; round++) {
        for await (const job of having(store, 'listJobs').listJobs({ sort: 'newest' })) {
          assert.equal(job.jobId, 'job-000');
          break;
        }
      }
      await sameIds(store, {}, ids);
    });
  },
};

export const listing: Theme = {
  name: 'listing jobs',
  cases: [numbers, oneKind, sorted, selected, brokenOff],
};
