import type { ConformanceCase, Theme } from './case.js';
import { having } from './having.js';
import { readLogs, readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { JOB, lines, sample, samples, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

const metricsAlone: ConformanceCase = {
  name: 'the metrics go and start anew at ordinal 0, the logs stay',
  needs: ['deleteMetrics'],
  async run(subject) {
    await writeLogs(subject.store, lines(5));
    await writeMetrics(subject.store, samples(5));
    await having(subject.store, 'deleteMetrics').deleteMetrics(JOB);
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), lines(5));
      sameMetrics(await readMetrics(store), []);
    });
    await writeMetrics(subject.store, [sample()]);
    await writeLogs(subject.store, lines(1));
    await subject.check(async (store) => {
      sameLogs(await readLogs(store), [...lines(5), ...lines(1)]);
      sameMetrics(await readMetrics(store), [sample()]);
    });
  },
};

const nothingElse: ConformanceCase = {
  name: 'a job that had only metrics is unknown then; one that had only logs is not',
  needs: ['deleteMetrics'],
  async run(subject) {
    await writeMetrics(subject.store, samples(5, { jobId: 'metrics-only' }));
    await writeLogs(subject.store, lines(5, { jobId: 'logs-only' }));
    await having(subject.store, 'deleteMetrics').deleteMetrics('metrics-only');
    await having(subject.store, 'deleteMetrics').deleteMetrics('logs-only');
    await subject.check(async (store) => {
      await rejects('JOB_NOT_FOUND', () => readMetrics(store, { jobId: 'metrics-only' }));
      await rejects('JOB_NOT_FOUND', () => having(store, 'deleteMetrics').deleteMetrics('metrics-only'));
      sameLogs(await readLogs(store, { jobId: 'logs-only' }), lines(5, { jobId: 'logs-only' }));
    });
  },
};

export const metricsDeletion: Theme = { name: 'deleting metrics', cases: [metricsAlone, nothingElse] };
