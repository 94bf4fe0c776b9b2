import assert from 'node:assert/strict';
import type { RowFilter } from '../filter.js';
import type { LogRow } from '../log-batch.js';
import { callsForJob } from './calls.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs, readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { JOB, line, lines, MANY, sample, samples, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

const all: ConformanceCase = {
  name: 'deleting a job takes its logs and its metrics, and those of no other job',
  async run(subject) {
    const others = ['job', 'job-10', 'job-1.log', 'Job-1'];
    for (const jobId of [JOB, ...others]) {
      await writeLogs(subject.store, lines(5, { jobId }));
      await writeMetrics(subject.store, samples(3, { jobId }));
    }
    await subject.store.deleteJob(JOB);
    await subject.check(async (store) => {
      for (const { name, call } of callsForJob(store, JOB)) await rejects('JOB_NOT_FOUND', call, name);
      for (const jobId of others) {
        sameLogs(await readLogs(store, { jobId }), lines(5, { jobId }));
        sameMetrics(await readMetrics(store, { jobId }), samples(3, { jobId }));
      }
    });
  },
};

const oneKind: ConformanceCase = {
  name: 'a job with one kind of rows is deleted like any other',
  async run(subject) {
    await writeLogs(subject.store, [line('x', { jobId: 'logs-only' })]);
    await writeMetrics(subject.store, [sample({ jobId: 'metrics-only' })]);
    await subject.store.deleteJob('logs-only');
    await subject.store.deleteJob('metrics-only');
    await subject.check(async (store) => {
      for (const jobId of ['logs-only', 'metrics-only']) {
        for (const { name, call } of callsForJob(store, jobId)) await rejects('JOB_NOT_FOUND', call, name);
      }
    });
  },
};

const anew: ConformanceCase = {
  name: 'a deleted job starts anew at ordinal 0',
  async run(subject) {
    for (const round of [1, 2, 3]) {
      await writeLogs(subject.store, lines(10 * round));
      await writeMetrics(subject.store, samples(4 * round));
      await subject.store.deleteJob(JOB);
      if (round === 2 && subject.supports.durable) await subject.reopen();
    }
    await writeLogs(subject.store, [line('anew')]);
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), [line('anew')]);
      sameMetrics(await readMetrics(store), []);
    });
    await writeMetrics(subject.store, [sample()]);
    await writeLogs(subject.store, [line('and on')]);
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), [line('anew'), line('and on')]);
      sameMetrics(await readMetrics(store), [sample()]);
    });
  },
};

const inTheOrderOfCalls: ConformanceCase = {
  name: 'among overlapping calls, what was written before the deletion goes and what comes after stays',
  async run(subject) {
    const { store } = subject;
    await Promise.all([
      writeLogs(store, lines(50)),
      writeMetrics(store, samples(5)),
      store.deleteJob(JOB),
      writeLogs(store, [line('one')]),
      writeLogs(store, [line('two')]),
    ]);
    await subject.check(async (reader) => {
      sameLogs(await readLogs(reader), [line('one'), line('two')]);
      sameMetrics(await readMetrics(reader), []);
    });
  },
};

const duringRead: ConformanceCase = {
  name: 'a read under way when its job is deleted goes on or is JOB_NOT_FOUND, and sees nothing of the new start',
  async run({ store }) {
    const written = lines(MANY);
    await writeLogs(store, written);
    const found: LogRow[] = [];
    const read = async () => {
      for await (const item of store.readLogs({ jobId: JOB })) {
        assert.equal(item.kind, 'logs');
        if (item.kind === 'logs') found.push(...item);
        if (found.length > item.length) continue;
        await store.deleteJob(JOB);
        await writeLogs(store, Array(MANY).fill(line('new')));
      }
    };
    const failure = await read().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) await rejects('JOB_NOT_FOUND', () => Promise.reject(failure), 'the read');
    // Without an error the rows are complete; with one, as far as they go.
    sameLogs(found, failure === undefined ? written : written.slice(0, found.length));
  },
};

const duringTail: ConformanceCase = {
  name: 'a tail that is looked for when its job is deleted goes on or is JOB_NOT_FOUND, and sees nothing of the new start',
  async run({ store }) {
    // Few rows, but long ones: looking for the tail takes longer than the deletion that overtakes it.
    const count = 100;
    const written = lines(count).map((row) => ({ ...row, content: Buffer.alloc(128 * 1024, row.content) }));
    await writeLogs(store, written);
    let anew: Promise<unknown> | undefined;
    const filter: RowFilter = {
      literals: [],
      matches() {
        anew ??= Promise.all([store.deleteJob(JOB), writeLogs(store, Array(MANY).fill(line('new')))]);
        return true;
      },
    };
    const found = await readLogs(store, { tail: 10, filter }).catch((error: unknown) => error);
    await anew;
    if (Array.isArray(found)) sameLogs(found, written.slice(-10), BigInt(count - 10));
    else await rejects('JOB_NOT_FOUND', () => Promise.reject(found), 'the read');
  },
};

export const deletion: Theme = {
  name: 'deleting a job',
  cases: [all, oneKind, anew, inTheOrderOfCalls, duringRead, duringTail],
};
