import assert from 'node:assert/strict';
import { hasFeature } from '../features.js';
import { LogBatch } from '../log-batch.js';
import { MetricBatch } from '../metric-batch.js';
import { callsForJob, type Call } from './calls.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs, readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { line, sample, TIME, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

const INVALID = [
  '',
  '.',
  '..',
  '../x',
  '..\\x',
  './x',
  '/etc',
  'a/b',
  'a/../../b',
  'a\\b',
  'a\0b',
  'a\nb',
  'a\n',
  'a b',
  ' a',
  'a:b',
  'a*',
  'a%2fb',
  "a'b",
  '-rf',
  '.hidden',
  '_x',
  'jöb',
  'ｊob',
  '\u0661',
  '😀',
  'x'.repeat(129),
  'x'.repeat(100_000),
];

/** Valid, and a trap for a store that gives names, keys or properties a meaning of its own. */
const TRICKY = [
  '0',
  '007',
  '1e3',
  'null',
  'constructor',
  'hasOwnProperty',
  'toString',
  'prototype',
  'wal',
  'logs',
  'metrics',
  'lock',
  'index',
  'job_index.json',
  'stdout.log.gz',
  'stdout.log.gz.tmp',
  'a.b',
  'a..b',
  'a.',
  'a-',
  'a_',
  'CON',
  'case',
  'Case',
  'A'.repeat(128),
  '9'.repeat(127) + '.',
];

const invalid: ConformanceCase = {
  name: 'an id that is not valid is INVALID_ARGUMENT for every method, and for making a batch',
  async run({ store }) {
    for (const jobId of INVALID) {
      const shown = JSON.stringify(jobId.slice(0, 150));
      const calls: Call[] = [
        { name: 'LogBatch.from', call: async () => LogBatch.from([line('x', { jobId })]) },
        { name: 'MetricBatch.from', call: async () => MetricBatch.from([sample({ jobId })]) },
        ...callsForJob(store, jobId),
      ];
      if (hasFeature(store, 'endRecords')) {
        calls.push({ name: 'endJob', call: () => store.endJob(jobId, { time: TIME }) });
      }
      for (const { name, call } of calls) {
        const { message } = await rejects('INVALID_ARGUMENT', call, `${name} of ${shown}`);
        assert.ok(
          message.includes('job_id'),
          `${name} of ${shown}: ${JSON.stringify(message)} does not name job_id`,
        );
      }
    }
  },
};

const tricky: ConformanceCase = {
  name: 'every valid id is a job like any other',
  async run(subject) {
    const log = (jobId: string) => line(`log of ${jobId}`, { jobId });
    for (const { name, call } of TRICKY.flatMap((jobId) => callsForJob(subject.store, jobId))) {
      await rejects('JOB_NOT_FOUND', call, name);
    }
    await writeLogs(subject.store, TRICKY.map(log));
    await writeMetrics(
      subject.store,
      TRICKY.map((jobId, index) => sample({ jobId, sequence: BigInt(index) })),
    );
    await subject.check(async (store) => {
      for (const [index, jobId] of TRICKY.entries()) {
        sameLogs(await readLogs(store, { jobId }), [log(jobId)]);
        sameMetrics(await readMetrics(store, { jobId }), [sample({ jobId, sequence: BigInt(index) })]);
      }
    });
    for (const jobId of TRICKY) await subject.store.deleteJob(jobId);
    await subject.check(async (store) => {
      for (const jobId of TRICKY) await rejects('JOB_NOT_FOUND', () => readLogs(store, { jobId }), jobId);
    });
  },
};

export const jobIds: Theme = { name: 'job ids', cases: [invalid, tricky] };
