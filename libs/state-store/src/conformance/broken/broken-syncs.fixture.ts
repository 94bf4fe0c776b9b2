import type { NewJob } from '../../job.js';
import { StateStoreError } from '../../state-store-error.js';
import type { StateStore, SyncScope } from '../../state-store.js';
import { fieldsOf } from '../../stored-job.js';
import {
  altered,
  aWhile,
  found,
  isUnknown,
  reparsed,
  reparsedText,
  themed,
  unless,
  withFields,
  withStored,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

const RECONCILES =
  "creates, updates and removes the scope's jobs; those of other nodes and owners stay untouched";
const OWNERS = "the sync of an owner does not touch a daemon's jobs";
const UPDATES =
  'a given job is updated as by update: unknown fields, createdAt and owner stay, the version grows';
const UNCHANGED = 'a given job that is stored just so stays as it is';
const EMPTY = 'no jobs: the scope is emptied when it has a node, and nothing happens when it has none';
const LATE = 'what it removes is deleted, and what it creates is created: marks and tombstones are as then';
const EXACT =
  'the jobs are stored as they came, character for character, whether new, there already or deleted';
const MANY = '1,200 jobs at once';

function syncing(
  change: (right: StateStore, jobs: readonly NewJob[], scope: SyncScope) => ReturnType<StateStore['sync']>,
): Mistake['create'] {
  return altered((right) => ({ sync: (jobs, scope) => change(right, jobs, scope) }));
}

/** Removes, after the sync, what is not given and in `scope`, whose undefined parts are any. */
function removing(
  isRemoved: (scope: SyncScope, job: { nodeId: string; owner: string }) => boolean,
): Mistake['create'] {
  return syncing(async (right, jobs, scope) => {
    const counts = await right.sync(jobs, scope);
    for (const job of (await right.list()).jobs) {
      const isGiven = jobs.some(({ uuid }) => uuid === job.uuid);
      if (!isGiven && isRemoved(scope, job)) await right.delete(job.uuid);
    }
    return counts;
  });
}

const syncs: Mistake[] = [
  { mistake: 'replaces everything', fails: [RECONCILES, OWNERS, EMPTY], create: removing(() => true) },
  {
    mistake: "removes other owners' jobs",
    fails: [RECONCILES, OWNERS],
    create: removing((scope, { nodeId }) => nodeId === scope.nodeId),
  },
  {
    mistake: "removes other nodes' jobs",
    fails: [RECONCILES, EMPTY],
    create: removing((scope, { owner }) => owner === scope.owner),
  },
  {
    mistake: 'removes jobs that have no node',
    fails: [RECONCILES],
    create: removing((scope, { nodeId, owner }) => nodeId === '' && owner === scope.owner),
  },
  {
    mistake: 'removes nothing',
    fails: [RECONCILES, MANY],
    create: syncing((right, jobs, scope) => right.sync(jobs, { ...scope, nodeId: undefined })),
  },
  {
    mistake: 'makes given jobs anew',
    fails: [UPDATES],
    create: syncing(async (right, jobs, scope) => {
      for (const { uuid } of jobs) await unless('JOB_NOT_FOUND', right.delete(uuid), () => undefined);
      return right.sync(jobs, scope);
    }),
  },
  {
    mistake: 'writes what is there already',
    fails: [UNCHANGED],
    create: syncing(async (right, jobs, scope) => {
      for (const job of jobs) await unless('JOB_NOT_FOUND', right.update(job), () => right.create(job));
      return right.sync(jobs, scope);
    }),
  },
  {
    mistake: 'leaves no tombstone of what it removes',
    fails: [LATE],
    create: altered((right) => {
      const removed = new Set<string>();
      return {
        sync: async (jobs, scope) => {
          const before = (await right.list()).jobs;
          const counts = await right.sync(jobs, scope);
          for (const { uuid } of before) if ((await found(right, uuid)) === undefined) removed.add(uuid);
          return counts;
        },
        update: (job, options) =>
          unless('JOB_NOT_FOUND', right.update(job, options), () =>
            removed.has(job.uuid) ? right.create(job) : right.get(job.uuid),
          ),
      };
    }),
  },
  {
    mistake: 'marks what it creates',
    fails: [LATE],
    create: altered((right) => {
      const marked = new Set<string>();
      return {
        sync: async (jobs, scope) => {
          for (const { uuid } of jobs) if ((await found(right, uuid)) === undefined) marked.add(uuid);
          return right.sync(jobs, scope);
        },
        create: (job, options) =>
          marked.delete(job.uuid) ? right.get(job.uuid) : right.create(job, options),
      };
    }),
  },
  {
    mistake: 'writes the first hundred jobs',
    fails: [MANY],
    create: syncing((right, jobs, scope) => right.sync(jobs.slice(0, 100), scope)),
  },
  {
    mistake: 'takes a thousand jobs at the most',
    fails: [MANY],
    create: syncing(async (right, jobs, scope) => {
      if (jobs.length > 1000) throw new StateStoreError('TOO_LARGE', `a sync of ${jobs.length} jobs`);
      return right.sync(jobs, scope);
    }),
  },
  {
    mistake: 'keeps values as JSON.parse sees them',
    fails: [EXACT],
    create: syncing((right, jobs, scope) => right.sync(jobs.map(reparsed), scope)),
  },
  {
    mistake: 'rounds numbers that stay',
    fails: [UPDATES],
    create: syncing(async (right, jobs, scope) => {
      const rounded = (name: string, text: string) => (isUnknown(name) ? reparsedText(text) : undefined);
      const written: NewJob[] = [];
      for (const job of jobs) written.push(await withStored(right, job, rounded));
      return right.sync(written, scope);
    }),
  },
  {
    mistake: 'goes job by job',
    fails: ['nobody sees half of it'],
    create: syncing(async (right, jobs, scope) => {
      for (const job of jobs) {
        await right.sync([job], { ...scope, nodeId: undefined });
        await aWhile();
      }
      return right.sync(jobs, scope);
    }),
  },
  {
    mistake: 'writes what it has made of jobs that it read a while ago',
    fails: ['updates at a time are not lost, and nothing of others is'],
    create: syncing(async (right, jobs, scope) => {
      const read = new Map((await right.list()).jobs.map((job) => [job.uuid, fieldsOf(job)]));
      await aWhile();
      const written: NewJob[] = [];
      for (const job of jobs) {
        const stored = await found(right, job.uuid);
        const newer = [...(stored ? fieldsOf(stored).keys() : [])].filter(
          (name) => isUnknown(name) && !read.get(job.uuid)?.has(name),
        );
        written.push(
          withFields(
            job,
            newer.map((name) => [name, 'null'] as const),
          ),
        );
      }
      return right.sync(written, scope);
    }),
  },
];

export const BROKEN_SYNCS: readonly BrokenStore[] = themed('sync', syncs);
