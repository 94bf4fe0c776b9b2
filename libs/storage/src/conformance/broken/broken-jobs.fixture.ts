import { setImmediate } from 'node:timers/promises';
import { isJobId } from '../../job-id.js';
import { LogBatch, type LogRow } from '../../log-batch.js';
import { MetricBatch } from '../../metric-batch.js';
import { StorageError } from '../../storage-error.js';
import {
  altered,
  batchOf,
  inPages,
  lookingTwice,
  themed,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

const UNKNOWN = 'a job of which nothing is known is JOB_NOT_FOUND for every method, and the message names it';
const DELETED = 'deleting a job takes its logs and its metrics, and those of no other job';
const VALID = 'every valid id is a job like any other';
const ANEW = 'a deleted job starts anew at ordinal 0';

function isNotFound(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'JOB_NOT_FOUND';
}

const jobs: BrokenStore[] = [
  {
    mistake: 'does not check ids',
    theme: 'job ids',
    fails: ['an id that is not valid is INVALID_ARGUMENT for every method, and for making a batch'],
    create: altered((right) => ({
      async deleteJob(jobId) {
        if (!isJobId(jobId)) throw StorageError.jobNotFound(jobId);
        await right.deleteJob(jobId);
      },
    })),
  },
  {
    mistake: 'does not check the id of a read',
    theme: 'job ids',
    fails: ['an id that is not valid is INVALID_ARGUMENT for every method, and for making a batch'],
    create: altered((right) => ({
      async *readMetrics(query, options) {
        if (isJobId(query.jobId)) yield* right.readMetrics(query, options);
      },
    })),
  },
  {
    mistake: 'keeps jobs in the properties of an object',
    theme: 'job ids',
    fails: [VALID],
    create: altered((right) => ({
      async deleteJob(jobId) {
        if (!(jobId in {})) await right.deleteJob(jobId);
      },
    })),
  },
  {
    mistake: 'takes ids that differ in case for the same',
    theme: 'job ids',
    fails: [VALID],
    create: altered((right) => ({
      writeLogs: (batch, options) =>
        right.writeLogs(
          LogBatch.from([...batch].map((row) => ({ ...row, jobId: row.jobId.toLowerCase() }))),
          options,
        ),
      async *readLogs(query, options) {
        for await (const item of right.readLogs({ ...query, jobId: query.jobId.toLowerCase() }, options)) {
          if (item.kind === 'logs') yield batchOf([...item].map((row) => ({ ...row, jobId: query.jobId })));
        }
      },
    })),
  },
  {
    mistake: 'reads an unknown job as an empty one',
    theme: 'unknown jobs',
    fails: [UNKNOWN],
    create: altered((right) => ({
      async *readLogs(query, options) {
        try {
          yield* right.readLogs(query, options);
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
      },
    })),
  },
  {
    mistake: 'deletes an unknown job with success',
    theme: 'unknown jobs',
    fails: [UNKNOWN],
    create: altered((right) => ({
      deleteJob: (jobId) =>
        right.deleteJob(jobId).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        }),
    })),
  },
  {
    mistake: 'looks at no job when it is asked for no rows',
    theme: 'unknown jobs',
    fails: [UNKNOWN],
    create: altered((right) => ({
      async *readLogs(query, options) {
        if (query.limit !== 0) yield* right.readLogs(query, options);
      },
    })),
  },
  {
    mistake: 'knows a job once it was asked for',
    theme: 'unknown jobs',
    fails: ['asking for an unknown job does not make it known; neither does an empty batch'],
    create: altered((right) => {
      const asked = new Set<string>();
      return {
        async *readLogs(query, options) {
          if (asked.has(query.jobId)) return;
          asked.add(query.jobId);
          yield* right.readLogs(query, options);
        },
      };
    }),
  },
  {
    mistake: 'knows a job by its logs only',
    theme: 'unknown jobs',
    fails: ['a job with metrics only has no logs, and no error; and the other way round'],
    create: altered((right) => ({
      async *readLogs(query, options) {
        const { stdout, stderr } = await right.getJobInfo(query.jobId);
        if (stdout.rows + stderr.rows === 0n) throw StorageError.jobNotFound(query.jobId);
        yield* right.readLogs(query, options);
      },
    })),
  },
];

const deletion: Mistake[] = [
  {
    mistake: 'keeps the metrics of a deleted job',
    fails: [DELETED],
    create: altered((right) => ({
      async deleteJob(jobId) {
        const kept = [];
        for await (const item of right.readMetrics({ jobId }))
          if (item.kind === 'metrics') kept.push(...item);
        await right.deleteJob(jobId);
        await right.writeMetrics(MetricBatch.from(kept));
      },
    })),
  },
  {
    mistake: 'deletes all jobs whose ids start alike',
    fails: [DELETED],
    create: altered((right) => ({
      async deleteJob(jobId) {
        for await (const job of right.listJobs({ prefix: jobId })) await right.deleteJob(job.jobId);
      },
    })),
  },
  {
    mistake: 'deletes only jobs that have logs',
    fails: ['a job with one kind of rows is deleted like any other'],
    create: altered((right) => ({
      async deleteJob(jobId) {
        const { stdout, stderr } = await right.getJobInfo(jobId);
        if (stdout.rows + stderr.rows > 0n) await right.deleteJob(jobId);
      },
    })),
  },
  {
    mistake: 'numbers a deleted job on',
    fails: [ANEW],
    create: altered((right) => {
      const bases = new Map<string, bigint>();
      return {
        async deleteJob(jobId) {
          const { stdout, stderr } = await right.getJobInfo(jobId);
          await right.deleteJob(jobId);
          bases.set(jobId, (bases.get(jobId) ?? 0n) + stdout.rows + stderr.rows);
        },
        async *readLogs(query, options) {
          const base = bases.get(query.jobId) ?? 0n;
          for await (const item of right.readLogs(query, options)) {
            const rows: LogRow[] = item.kind === 'logs' ? [...item] : [];
            yield batchOf(rows.map((row) => ({ ...row, ordinal: base + (row.ordinal ?? 0n) })));
          }
        },
      };
    }),
  },
  {
    mistake: 'deletes at once while writes are waiting',
    fails: ['among overlapping calls, what was written before the deletion goes and what comes after stays'],
    create: altered((right) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        writeLogs: (batch, options) => {
          const written = last.then(() => setImmediate()).then(() => right.writeLogs(batch, options));
          last = written;
          return written;
        },
        deleteJob: (jobId) => right.deleteJob(jobId),
      };
    }),
  },
  {
    mistake: 'reads on in the new start of a deleted job',
    fails: [
      'a read under way when its job is deleted goes on or is JOB_NOT_FOUND, and sees nothing of the new start',
    ],
    create: altered((right) => ({ readLogs: (query) => inPages(right, query) })),
  },
  {
    mistake: 'looks for a tail, and then reads what is there by then',
    fails: [
      'a tail that is looked for when its job is deleted goes on or is JOB_NOT_FOUND, and sees nothing of the new start',
    ],
    create: lookingTwice(),
  },
  {
    mistake: 'ends a read when its job is deleted, without an error',
    fails: [
      'a read under way when its job is deleted goes on or is JOB_NOT_FOUND, and sees nothing of the new start',
    ],
    create: altered((right) => {
      const deleted = new Set<string>();
      return {
        async deleteJob(jobId) {
          deleted.add(jobId);
          await right.deleteJob(jobId);
        },
        async *readLogs(query, options) {
          for await (const item of right.readLogs(query, options)) {
            if (deleted.has(query.jobId)) return;
            yield item;
          }
        },
      };
    }),
  },
];

export const BROKEN_JOBS: readonly BrokenStore[] = [...jobs, ...themed('deleting a job', deletion)];
