import type { NewJob } from '../../job.js';
import {
  altered,
  found,
  reparsed,
  reparsedText,
  restamped,
  themed,
  unless,
  updating,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';
import { journaled } from './journaled-store.fixture.js';

const MARKS =
  'an update before the create makes the job; the first create answers with it, the next one with JOB_EXISTS';
const STAYS = 'further updates keep the mark; a job that was created has none';
const FRESH = 'the job that an update creates has the times of a new one, the owner asked for, and no nulls';
const EITHER = 'a create and an update at a time both succeed, and the job is as updated';
const ONE_CREATE = 'of many creates at a time of a job that an update made exactly one succeeds';

const upserts: Mistake[] = [
  {
    mistake: 'rounds a job that an update creates',
    fails: [FRESH],
    create: updating(async (right, job, options) => {
      const stored = await found(right, job.uuid);
      return right.update(stored === undefined ? reparsed(job) : job, options);
    }),
  },
  {
    mistake: 'rounds a job whose mark it clears',
    fails: [MARKS],
    create: altered((right) => ({
      create: async (job, options) => {
        const created = await right.create(job, options);
        return created.version > 1
          ? restamped({ ...created, json: reparsedText(created.json) }, {})
          : created;
      },
    })),
  },
  {
    mistake: 'does not mark what an update creates',
    fails: [MARKS, EITHER, ONE_CREATE],
    create: updating((right, job, { upsert, ...options }) =>
      unless('JOB_NOT_FOUND', right.update(job, options), () =>
        upsert ? right.create(job) : right.update(job, options),
      ),
    ),
  },
  {
    mistake: 'never clears the mark',
    fails: [MARKS, ONE_CREATE],
    create: altered((right) => {
      const marked = new Set<string>();
      return {
        update: async (job, options) => {
          const updated = await right.update(job, options);
          if (updated.version === 1) marked.add(job.uuid);
          return updated;
        },
        create: (job, options) =>
          unless('JOB_EXISTS', right.create(job, options), () =>
            marked.has(job.uuid) ? right.get(job.uuid) : right.create(job, options),
          ),
      };
    }),
  },
  {
    mistake: 'takes the fields of the create for those of the update',
    fails: [MARKS],
    create: altered((right) => ({
      create: async (job, options) => {
        const created = await right.create(job, options);
        return created.version > 1 ? right.update(job) : created;
      },
    })),
  },
  {
    mistake: 'loses the mark when it is opened again',
    fails: ['the mark is there after reopening, and stays over further updates'],
    create: journaled(async (store) => {
      for (const job of (await store.list()).jobs)
        await unless('JOB_EXISTS', store.create(jobLike(job.uuid)), () => job);
    }),
  },
  {
    mistake: 'clears the mark with the next update',
    fails: [STAYS],
    create: updating(async (right, job, options) => {
      const updated = await right.update(job, options);
      if (updated.version === 1) return updated;
      return unless('JOB_EXISTS', right.create(job), () => updated);
    }),
  },
  {
    mistake: 'forgets whose job it creates',
    fails: [FRESH],
    create: updating((right, job, { expectedVersion, upsert = false }) =>
      right.update(job, { expectedVersion, upsert }),
    ),
  },
  {
    mistake: 'creates a job of which a version was expected',
    fails: ['an update that expects a version creates nothing'],
    create: updating((right, job, options) =>
      unless('JOB_NOT_FOUND', right.update(job, options), () =>
        right.update(job, { upsert: options.upsert ?? false }),
      ),
    ),
  },
];

function jobLike(uuid: string): NewJob {
  return { uuid, nodeId: '', owner: undefined, fields: new Map([['uuid', JSON.stringify(uuid)]]) };
}

export const BROKEN_UPSERTS: readonly BrokenStore[] = themed(
  'updates that come before their create',
  upserts,
);
