import assert from 'node:assert/strict';
import { hasFeature, type JobEnd } from '../features.js';
import type { LogStore } from '../log-store.js';
import { callsForJob } from './calls.js';
import type { ConformanceCase, Theme } from './case.js';
import { having } from './having.js';
import { readLogs, readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { JOB, line, lines, sample, TIME, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

/** An end is seen in the job's numbers, if the store has any. */
async function sameEnd(store: LogStore, expected: JobEnd | undefined): Promise<void> {
  if (!hasFeature(store, 'listJobs')) return;
  const { end } = await store.getJobInfo(JOB);
  assert.deepEqual(end && { ...end }, expected);
}

const kept: ConformanceCase = {
  name: 'the end is kept with the job, whose rows stay; the last record counts',
  needs: ['endRecords'],
  async run(subject) {
    await writeLogs(subject.store, lines(3));
    await sameEnd(subject.store, undefined);
    const ends = [{ time: TIME, exitCode: 0 }, { time: 2n ** 63n - 1n }, { time: 5n, exitCode: -1 }];
    for (const end of [...ends, { time: TIME + 1n, exitCode: 137 }]) {
      await having(subject.store, 'endRecords').endJob(JOB, end);
      await subject.check(async (store) => {
        await sameEnd(store, end);
        sameLogs(await readLogs(store), lines(3));
      });
    }
  },
};

const goesOn: ConformanceCase = {
  name: 'a job that gets another row has not ended',
  needs: ['endRecords'],
  async run(subject) {
    await writeLogs(subject.store, lines(3));
    for (const more of [
      () => writeLogs(subject.store, [line('late')]),
      () => writeMetrics(subject.store, [sample()]),
    ]) {
      await having(subject.store, 'endRecords').endJob(JOB, { time: TIME, exitCode: 1 });
      await more();
      await subject.check((store) => sameEnd(store, undefined));
    }
    sameLogs(await readLogs(subject.store), [...lines(3), line('late')]);
  },
};

const nothingElse: ConformanceCase = {
  name: 'a job of which only the end is known has no rows, and is no error; deleted, it is unknown',
  needs: ['endRecords'],
  async run(subject) {
    await having(subject.store, 'endRecords').endJob(JOB, { time: TIME, exitCode: 0 });
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), []);
      sameMetrics(await readMetrics(store), []);
      await sameEnd(store, { time: TIME, exitCode: 0 });
    });
    await subject.store.deleteJob(JOB);
    await subject.check(async (store) => {
      for (const { name, call } of callsForJob(store, JOB)) await rejects('JOB_NOT_FOUND', call, name);
    });
    await writeLogs(subject.store, lines(1));
    await subject.check((store) => sameEnd(store, undefined));
  },
};

const inTheOrderOfCalls: ConformanceCase = {
  name: 'among overlapping calls, an end holds for the rows before it only',
  needs: ['endRecords'],
  async run(subject) {
    const store = having(subject.store, 'endRecords');
    await Promise.all([writeLogs(store, lines(50)), store.endJob(JOB, { time: TIME })]);
    await subject.check((reader) => sameEnd(reader, { time: TIME }));
    await Promise.all([
      having(subject.store, 'endRecords').endJob(JOB, { time: TIME }),
      writeLogs(subject.store, lines(1)),
    ]);
    await subject.check((reader) => sameEnd(reader, undefined));
  },
};

export const endRecords: Theme = {
  name: 'end records',
  cases: [kept, goesOn, nothingElse, inTheOrderOfCalls],
};
