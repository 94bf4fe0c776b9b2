// A store module for tests: the local store, and trouble as `options` ask for it. Trouble ends when the file
// `options.calm` is there.
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setInterval, setTimeout } from 'node:timers';

async function* wrong(item) {
  yield item;
}

const never = () => new Promise(() => undefined);

export default async function open(options, { logger, nodeId, signal }) {
  const { openLocalStore } = await import(options.storageLocal);
  const { StorageError } = await import(options.storage);
  signal.addEventListener('abort', () => logger.info({ reason: String(signal.reason) }, 'unruly: aborted'));
  logger.info({ nodeId, answer: options.answer }, 'unruly: opening');
  if (options.refuse) throw new StorageError(options.refuse, 'no door here');
  if (options.open === 'hang') return never();
  if (options.open === 'wait') await once(signal, 'abort');
  const store = await openLocalStore({ baseDirectory: options.path });
  const calm = () => options.calm === undefined || existsSync(options.calm);
  const trouble =
    (kind, method) =>
    async (...args) => {
      if (calm() || kind === undefined) return method(...args);
      if (kind === 'hang') return never();
      if (kind === 'strange') throw Object.create(null);
      throw kind === 'code'
        ? new StorageError('UNAVAILABLE', 'the moon is in the way')
        : new TypeError('x is not a function');
    };
  if (options.background) {
    const timer = setInterval(() => {
      if (!existsSync(options.background)) return;
      setTimeout(() => clearInterval(timer), 50);
      throw new Error('a bug in the background');
    }, 5);
  }
  return {
    supports: {
      durable: true,
      listJobs: store.supports.listJobs,
      stats: false,
      retention: false,
      deleteMetrics: false,
      idempotentWrites: false,
      endRecords: false,
    },
    writeLogs: trouble(options.write, (batch) => store.writeLogs(batch)),
    writeMetrics: trouble(options.write, (batch) => store.writeMetrics(batch)),
    readLogs: (query, more) => {
      if (options.read === 'hang') return { [Symbol.asyncIterator]: () => ({ next: never, return: never }) };
      if (options.read === 'throw') throw new TypeError('x is not a function');
      if (options.read === 'nothing') return undefined;
      if (options.read === 'rows') return wrong({ jobId: 'job', content: 'first' });
      if (options.read === 'null') return wrong(null);
      return store.readLogs(query, more);
    },
    readMetrics: (query, more) => store.readMetrics(query, more),
    deleteJob: (jobId) => store.deleteJob(jobId),
    listJobs: (query) => store.listJobs(query),
    getJobInfo: (jobId) => store.getJobInfo(jobId),
    close: options.close === 'hang' ? never : () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
    ...Object.fromEntries((options.without ?? []).map((name) => [name, undefined])),
  };
}
