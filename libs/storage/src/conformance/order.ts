import assert from 'node:assert/strict';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs, readMetrics } from './read.js';
import { line, lines, MANY, sample, samples, TIME, writeLogs, writeMetrics } from './rows.js';
import { sameList, sameLogs, sameMetrics } from './same-rows.js';

const arrival: ConformanceCase = {
  name: 'both streams in the order of arrival, whatever the times and sequences',
  async run(subject) {
    const times = [TIME, TIME, TIME - 5n, TIME - 10n, TIME + 7n, TIME, TIME - 5n];
    const written = times.map((timestamp, index) =>
      line(`row ${index}`, { timestamp, stream: [2, 1, 1, 2, 2, 2, 1][index], sequence: BigInt(9 - index) }),
    );
    await writeLogs(subject.store, written);
    await subject.check(async (store) => sameLogs(await readLogs(store), written));
  },
};

const metricArrival: ConformanceCase = {
  name: 'metrics in the order of arrival, whatever the times and sequences',
  async run(subject) {
    const times = [TIME, TIME, TIME - 5n, TIME + 7n, TIME - 9n];
    const written = times.map((timestamp, index) => sample({ timestamp, sequence: BigInt(9 - index) }));
    for (const row of written) await writeMetrics(subject.store, [row]);
    await subject.check(async (store) => sameMetrics(await readMetrics(store), written));
  },
};

const contiguous: ConformanceCase = {
  name: 'ordinals go on from write to write, logs and metrics apart',
  async run(subject) {
    const logs = lines(40);
    const metrics = samples(15);
    for (let start = 0; start < 8; start++) {
      await writeLogs(subject.store, logs.slice(start * 5, start * 5 + 5));
      await writeMetrics(subject.store, metrics.slice(start * 2, start * 2 + 2));
    }
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), logs);
      sameMetrics(await readMetrics(store), metrics);
    });
  },
};

const afterReopening: ConformanceCase = {
  name: 'ordinals go on after reopening',
  needs: ['durable'],
  async run(subject) {
    const logs = lines(12);
    const metrics = samples(8);
    for (let start = 0; start < 4; start++) {
      await writeLogs(subject.store, logs.slice(start * 3, start * 3 + 3));
      await writeMetrics(subject.store, metrics.slice(start * 2, start * 2 + 2));
      await subject.reopen();
    }
    sameLogs(await readLogs(subject.store), logs);
    sameMetrics(await readMetrics(subject.store), metrics);
  },
};

const manyJobs: ConformanceCase = {
  name: 'one batch with the rows of many jobs, mixed: each job has its own, in order',
  async run(subject) {
    const jobIds = Array.from({ length: 150 }, (_, index) => `job-${index}`);
    const logs = lines(4 * jobIds.length).map((row, index) => ({ ...row, jobId: jobIds[(index * 7) % 150] }));
    const metrics = samples(2 * jobIds.length).map((row, index) => ({ ...row, jobId: jobIds[index % 150] }));
    await writeLogs(subject.store, logs);
    await writeMetrics(subject.store, metrics);
    await subject.check(async (store) => {
      for (const jobId of jobIds) {
        const ofJob = (row: { jobId: string }) => row.jobId === jobId;
        sameLogs(await readLogs(store, { jobId }), logs.filter(ofJob));
        sameMetrics(await readMetrics(store, { jobId }), metrics.filter(ofJob));
      }
    });
  },
};

const overlapping: ConformanceCase = {
  name: 'overlapping writes are stored in the order of the calls',
  async run(subject) {
    // The first are the largest: they take longest.
    const logs = Array.from({ length: 60 }, (_, call) =>
      lines(61 - call).map((row, index) => ({ ...row, content: Buffer.from(`call ${call}, row ${index}`) })),
    );
    const metrics = Array.from({ length: 20 }, (_, call) => samples(21 - call, { sequence: BigInt(call) }));
    await Promise.all([
      ...logs.map((rows) => writeLogs(subject.store, rows)),
      ...metrics.map((rows) => writeMetrics(subject.store, rows)),
    ]);
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), logs.flat());
      sameMetrics(await readMetrics(store), metrics.flat());
    });
  },
};

const long: ConformanceCase = {
  name: 'many rows in one write and in many',
  async run(subject) {
    const inOne = lines(MANY, { jobId: 'in-one' });
    const inMany = lines(MANY, { jobId: 'in-many' });
    await writeLogs(subject.store, inOne);
    for (let start = 0; start < MANY; start += 100)
      await writeLogs(subject.store, inMany.slice(start, start + 100));
    await writeMetrics(subject.store, samples(MANY));
    await subject.check(async (store) => {
      sameLogs(await readLogs(store, { jobId: 'in-one' }), inOne);
      sameLogs(await readLogs(store, { jobId: 'in-many' }), inMany);
      sameMetrics(await readMetrics(store), samples(MANY));
    });
  },
};

const parallelReads: ConformanceCase = {
  name: 'reads of the same and of other jobs at a time do not disturb each other',
  async run(subject) {
    const jobIds = ['a', 'b', 'c'];
    const written = jobIds.map((jobId) => lines(MANY, { jobId }));
    await writeLogs(subject.store, written.flat());
    await subject.check(async (store) => {
      const found = await Promise.all(
        [0, 1, 2, 0, 1, 2, 0, 1].map((job) => readLogs(store, { jobId: jobIds[job] })),
      );
      found.forEach((rows, index) => sameLogs(rows, written[index % 3]));
    });
  },
};

const oneStream: ConformanceCase = {
  name: 'one stream: its rows, with the ordinals that they have among both',
  async run(subject) {
    await writeLogs(subject.store, lines(9));
    await subject.check(async (store) => {
      const ordinals = async (stream: number) =>
        (await readLogs(store, { stream })).map(({ ordinal }) => ordinal);
      sameList(await ordinals(1), [0n, 2n, 4n, 6n, 8n]);
      sameList(await ordinals(2), [1n, 3n, 5n, 7n]);
      assert.equal((await readLogs(store, { stream: 0 })).length, 9);
    });
  },
};

export const order: Theme = {
  name: 'order and ordinals',
  cases: [
    arrival,
    metricArrival,
    contiguous,
    afterReopening,
    manyJobs,
    overlapping,
    long,
    parallelReads,
    oneStream,
  ],
};
