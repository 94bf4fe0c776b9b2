import assert from 'node:assert/strict';
import { callsForJob } from './calls.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs, readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { line, sample, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

const unknown: ConformanceCase = {
  name: 'a job of which nothing is known is JOB_NOT_FOUND for every method, and the message names it',
  async run(subject) {
    await writeLogs(subject.store, [line('x', { jobId: 'known' })]);
    await subject.check(async (store) => {
      for (const jobId of ['unknown', 'know', 'known1', 'Known']) {
        for (const { name, call } of callsForJob(store, jobId)) {
          const { message } = await rejects('JOB_NOT_FOUND', call, name);
          assert.ok(message.includes(jobId), `${name}: ${JSON.stringify(message)} does not name ${jobId}`);
        }
      }
    });
  },
};

const stillUnknown: ConformanceCase = {
  name: 'asking for an unknown job does not make it known; neither does an empty batch',
  async run(subject) {
    for (const { call } of callsForJob(subject.store, 'unknown')) await rejects('JOB_NOT_FOUND', call);
    await writeLogs(subject.store, []);
    await writeMetrics(subject.store, []);
    await subject.check(async (store) => {
      for (const { name, call } of callsForJob(store, 'unknown')) await rejects('JOB_NOT_FOUND', call, name);
    });
  },
};

const oneKind: ConformanceCase = {
  name: 'a job with metrics only has no logs, and no error; and the other way round',
  async run(subject) {
    await writeMetrics(subject.store, [sample({ jobId: 'metrics-only' })]);
    await writeLogs(subject.store, [line('x', { jobId: 'logs-only' })]);
    await subject.check(async (store) => {
      sameLogs(await readLogs(store, { jobId: 'metrics-only' }), []);
      sameLogs(await readLogs(store, { jobId: 'metrics-only', tail: 5 }), []);
      sameMetrics(await readMetrics(store, { jobId: 'logs-only' }), []);
      sameMetrics(await readMetrics(store, { jobId: 'logs-only', tail: 5 }), []);
      sameMetrics(await readMetrics(store, { jobId: 'metrics-only' }), [sample({ jobId: 'metrics-only' })]);
      sameLogs(await readLogs(store, { jobId: 'logs-only' }), [line('x', { jobId: 'logs-only' })]);
    });
  },
};

export const unknownJobs: Theme = { name: 'unknown jobs', cases: [unknown, stillUnknown, oneKind] };
