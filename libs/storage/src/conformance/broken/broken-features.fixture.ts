import type { JobInfo, JobListQuery } from '../../features.js';
import { createMemoryStore, type MemoryStore } from '../../memory-store.js';
import { StorageError } from '../../storage-error.js';
import { altered, forwarding, themed, type BrokenStore, type Mistake } from './broken-store.fixture.js';

const NUMBERS = 'the numbers of a job: times, rows, bytes of content';
const SELECTED = 'only ids with the prefix and jobs whose times overlap the range';
const SORTED = 'sorted by id, in the order of the bytes, or by the newest row, then by id';
const EXPIRES = 'a job loses its logs (metrics) when its newest row is before the time given, or else none';
const RESENT = 'a batch that is sent again is not stored again, of whatever job its rows are';

const declaration: Mistake[] = [
  {
    mistake: 'declares something else than it is tested for',
    fails: ['the store declares what it is tested for'],
    create: altered((right) => ({ supports: { ...right.supports, retention: false } })),
  },
  {
    mistake: 'declares a feature and lacks its methods',
    fails: ['the store has the methods of what it declares, and no others'],
    create: async () => {
      const { deleteMetrics, ...store } = forwarding(createMemoryStore());
      return { store, dispose: async () => void deleteMetrics };
    },
  },
];

/** Lists what `change` makes of a query, and gives what `shown` makes of a job. */
function listing(
  change: (query: JobListQuery) => JobListQuery,
  shown: (job: JobInfo) => JobInfo = (job) => job,
): BrokenStore['create'] {
  return altered((right) => ({
    async *listJobs(query = {}) {
      for await (const job of right.listJobs(change(query))) yield shown(job);
    },
    getJobInfo: async (jobId) => shown(await right.getJobInfo(jobId)),
  }));
}

/** Gives the listed jobs in another order. */
function sorting(compare: (a: JobInfo, b: JobInfo) => number): BrokenStore['create'] {
  return altered((right) => ({
    async *listJobs(query) {
      const jobs: JobInfo[] = [];
      for await (const job of right.listJobs(query)) jobs.push(job);
      yield* jobs.sort(compare);
    },
  }));
}

const lists: Mistake[] = [
  {
    mistake: 'ignores the prefix',
    fails: [SELECTED],
    create: listing((query) => ({ ...query, prefix: '' })),
  },
  {
    mistake: 'begins each page anew',
    fails: [SELECTED],
    create: listing((query) => ({ ...query, afterJobId: '' })),
  },
  {
    mistake: 'ignores the start',
    fails: [SELECTED],
    create: listing((query) => ({ ...query, startTime: -(2n ** 63n) })),
  },
  {
    mistake: 'leaves out jobs that touch the range',
    fails: [SELECTED],
    create: listing(({ endTime, ...query }) =>
      endTime === undefined ? query : { ...query, endTime: endTime - 1n },
    ),
  },
  { mistake: 'ignores the order', fails: [SORTED], create: listing((query) => ({ ...query, sort: 'id' })) },
  {
    mistake: 'sorts ids as people do',
    fails: [SORTED],
    create: sorting((a, b) => a.jobId.localeCompare(b.jobId)),
  },
  {
    mistake: 'counts characters',
    fails: [NUMBERS],
    create: listing(
      (query) => query,
      (job) => ({ ...job, stderr: { ...job.stderr, bytes: job.stderr.bytes / 2n } }),
    ),
  },
  {
    mistake: 'takes times from the logs only',
    fails: [NUMBERS],
    create: altered((right) => {
      const times = new Map<string, bigint>();
      return {
        async writeLogs(batch, options) {
          await right.writeLogs(batch, options);
          for (const { jobId } of batch) times.set(jobId, (await right.getJobInfo(jobId)).lastTime);
        },
        async getJobInfo(jobId) {
          const job = await right.getJobInfo(jobId);
          return { ...job, lastTime: times.get(jobId) ?? job.lastTime };
        },
      };
    }),
  },
  {
    mistake: 'lists jobs that have logs',
    fails: ['jobs with one kind of rows are listed, deleted ones and empty batches are not'],
    create: altered((right) => ({
      async *listJobs(query) {
        for await (const job of right.listJobs(query)) if (job.stdout.rows + job.stderr.rows > 0n) yield job;
      },
    })),
  },
  {
    mistake: 'lists a hundred jobs at the most',
    fails: ['a listing of many jobs is complete, and may be broken off'],
    create: altered((right) => ({
      async *listJobs(query) {
        let count = 0;
        for await (const job of right.listJobs(query)) if (count++ < 100) yield job;
      },
    })),
  },
];

const statistics: Mistake[] = [
  {
    mistake: 'counts what was ever written',
    fails: ['jobs, log rows and metric rows are counted, and no longer when they are deleted'],
    create: altered((right) => {
      let logRows = 0n;
      return {
        async writeLogs(batch, options) {
          await right.writeLogs(batch, options);
          logRows += BigInt(batch.length);
        },
        stats: async () => ({ ...(await right.stats()), logRows }),
      };
    }),
  },
];

const LONG_AGO = 1_000_000_000_000_000_000n;

const retention: Mistake[] = [
  {
    mistake: 'removes in a dry run',
    fails: ['a dry run tells the same and removes nothing'],
    create: altered((right) => ({ cleanup: (request) => right.cleanup({ ...request, dryRun: false }) })),
  },
  {
    mistake: 'removes what is just as old as asked',
    fails: [EXPIRES],
    create: altered((right) => ({
      cleanup: ({ logsBefore, ...request }) =>
        right.cleanup(logsBefore === undefined ? request : { ...request, logsBefore: logsBefore + 1n }),
    })),
  },
  {
    mistake: 'removes metrics with the logs',
    fails: [EXPIRES],
    create: altered((right) => ({
      cleanup: (request) =>
        right.cleanup(
          request.logsBefore === undefined ? request : { ...request, metricsBefore: request.logsBefore },
        ),
    })),
  },
  {
    mistake: 'looks at the times of rows only',
    fails: ['rows that have just arrived stay, whatever their times'],
    create: async () => ({
      store: createMemoryStore({ now: () => LONG_AGO / 2n }),
      dispose: async () => undefined,
    }),
  },
  {
    mistake: 'numbers from 0 after it removed rows',
    fails: ['a job that lost rows and still has others is numbered on from there'],
    create: altered((right) => {
      const logs = createMemoryStore();
      return {
        writeLogs: (batch, options) => logs.writeLogs(batch, options),
        readLogs: (query, options) => logs.readLogs(query, options),
        cleanup: (request) => logs.cleanup(request),
        close: async () => void (await Promise.all([logs.close(), right.close()])),
      };
    }),
  },
];

const metricsDeletion: Mistake[] = [
  {
    mistake: 'deletes the whole job',
    fails: ['the metrics go and start anew at ordinal 0, the logs stay'],
    create: altered((right) => ({ deleteMetrics: (jobId) => right.deleteJob(jobId) })),
  },
  {
    mistake: 'deletes no metrics',
    fails: [
      'the metrics go and start anew at ordinal 0, the logs stay',
      'a job that had only metrics is unknown then; one that had only logs is not',
    ],
    create: altered(() => ({ deleteMetrics: async () => undefined })),
  },
];

/** Gives a batch another identity, or none. */
function known(
  change: (source: NonNullable<SourceOf>, kind: 'logs' | 'metrics') => SourceOf,
): BrokenStore['create'] {
  const changed = (options: Options, kind: 'logs' | 'metrics') => {
    const source = options?.source && change(options.source, kind);
    return source && { source };
  };
  return altered((right) => ({
    writeLogs: (batch, options) => right.writeLogs(batch, changed(options, 'logs')),
    writeMetrics: (batch, options) => right.writeMetrics(batch, changed(options, 'metrics')),
  }));
}

type Options = Parameters<MemoryStore['writeLogs']>[1];
type SourceOf = NonNullable<Options>['source'];

const idempotentWrites: Mistake[] = [
  {
    mistake: 'stores again what is sent again',
    fails: [
      RESENT,
      'a batch that is sent again while it is still being written is stored once',
      'what was deleted does not come back when it is sent again',
    ],
    create: known(() => undefined),
  },
  {
    mistake: 'remembers logs and metrics apart',
    fails: ['logs and metrics share the numbers of a producer'],
    create: known((source, kind) => ({ ...source, producer: `${kind} of ${source.producer}` })),
  },
  {
    mistake: 'takes all producers for one',
    fails: ['producers do not know each other; what has no source is always stored'],
    create: known((source) => ({ ...source, producer: 'producer-1' })),
  },
  {
    mistake: 'takes all epochs for one',
    fails: ['a higher epoch starts its frames anew, a lower one is not stored any more'],
    create: known((source) => ({ ...source, epoch: 1n })),
  },
  {
    mistake: 'keeps frames as doubles',
    fails: ['a higher epoch starts its frames anew, a lower one is not stored any more'],
    create: known((source) => ({ ...source, frame: BigInt(Number(source.frame)) })),
  },
  {
    mistake: 'keeps epochs as doubles',
    fails: ['a higher epoch starts its frames anew, a lower one is not stored any more'],
    create: known((source) => ({ ...source, epoch: BigInt(Number(source.epoch)) })),
  },
  {
    mistake: 'rejects what is sent again',
    fails: [RESENT],
    create: altered((right) => ({
      async writeLogs(batch, options) {
        const sources = await right.durableSources();
        const last = sources.find(({ producer }) => producer === options?.source?.producer);
        if (last && options?.source && options.source.frame <= last.frame) {
          throw new StorageError('INVALID_ARGUMENT', 'stored already');
        }
        await right.writeLogs(batch, options);
      },
    })),
  },
];

const endRecords: Mistake[] = [
  {
    mistake: 'forgets the end',
    fails: [
      'the end is kept with the job, whose rows stay; the last record counts',
      'among overlapping calls, an end holds for the rows before it only',
    ],
    create: altered(() => ({ endJob: async () => undefined })),
  },
  {
    mistake: 'keeps the first end, whatever comes after',
    fails: [
      'the end is kept with the job, whose rows stay; the last record counts',
      'a job that gets another row has not ended',
      'among overlapping calls, an end holds for the rows before it only',
    ],
    create: altered((right) => {
      const ends = new Map<string, JobInfo['end']>();
      return {
        async endJob(jobId, end) {
          if (!ends.has(jobId)) ends.set(jobId, end);
          await right.endJob(jobId, end);
        },
        async getJobInfo(jobId) {
          const job = await right.getJobInfo(jobId);
          const end = ends.get(jobId);
          return end ? { ...job, end } : job;
        },
      };
    }),
  },
  {
    mistake: 'knows only jobs that have rows',
    fails: ['a job of which only the end is known has no rows, and is no error; deleted, it is unknown'],
    create: altered((right) => ({
      async *readLogs(query, options) {
        const { stdout, stderr, metrics } = await right.getJobInfo(query.jobId);
        if (stdout.rows + stderr.rows + metrics.rows === 0n) throw StorageError.jobNotFound(query.jobId);
        yield* right.readLogs(query, options);
      },
    })),
  },
];

export const BROKEN_FEATURES: readonly BrokenStore[] = [
  ...themed('declaration', declaration),
  ...themed('listing jobs', lists),
  ...themed('statistics', statistics),
  ...themed('retention', retention),
  ...themed('deleting metrics', metricsDeletion),
  ...themed('idempotent writes', idempotentWrites),
  ...themed('end records', endRecords),
];
