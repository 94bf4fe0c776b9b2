import type { Job, NewJob } from '../../job.js';
import { createMemoryStore } from '../../memory-store.js';
import { StateStoreError } from '../../state-store-error.js';
import { storedJob } from '../../stored-job.js';
import {
  altered,
  aWhile,
  forwarding,
  listing,
  themed,
  unless,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';
import { journaled } from './journaled-store.fixture.js';

const WAITS = 'closing waits for the calls under way, and what they acknowledge is stored';
const CLOSED = 'after closing every method rejects with CLOSED, and nothing more is stored';
const TWICE = 'closing twice, at a time or one after the other, is fine';

const args: Mistake[] = [
  {
    mistake: 'does not find what cannot be a uuid',
    fails: ['what cannot be a uuid: INVALID_ARGUMENT'],
    create: altered((right) => ({
      get: (uuid) =>
        unless('INVALID_ARGUMENT', right.get(uuid), () => Promise.reject(StateStoreError.jobNotFound(uuid))),
    })),
  },
  {
    mistake: 'looks at the version only when there is a job',
    fails: ['what cannot be a version: INVALID_ARGUMENT, whether or not the job is there'],
    create: altered((right) => ({
      update: async (job, options) => {
        await right.get(job.uuid);
        return right.update(job, options);
      },
    })),
  },
  {
    mistake: 'takes a negative limit for none',
    fails: ['what cannot be a filter: INVALID_ARGUMENT'],
    create: listing((list, filter) => list({ ...filter, limit: Math.max(filter.limit ?? 0, 0) })),
  },
  {
    mistake: 'looks whether an option is there, not whether it says something',
    fails: ['options that are undefined are as if they were not there'],
    create: altered((right) => ({
      update: async (job, options = {}) => {
        if ('expectedVersion' in options && options.expectedVersion === undefined)
          throw new StateStoreError('INVALID_ARGUMENT', 'expectedVersion is undefined');
        return right.update(job, options);
      },
    })),
  },
];

const isolation: Mistake[] = [
  {
    mistake: 'gives the jobs that it keeps, to be written into',
    fails: ['what a caller does to an answer changes nothing in the store'],
    create: altered((right) => {
      const kept = new Map<string, Job>();
      return {
        get: async (uuid) => {
          const job = await right.get(uuid);
          const mine = kept.get(uuid);
          if (mine !== undefined && mine.version !== job.version - 1) return mine;
          const copy = { ...job };
          kept.set(uuid, copy);
          return copy;
        },
      };
    }),
  },
  {
    mistake: 'has one list for all answers',
    fails: ['an answer stays what it was when the store changes'],
    create: altered((right) => {
      const jobs: Job[] = [];
      const refresh = async () => void jobs.splice(0, Infinity, ...(await right.list()).jobs);
      return {
        create: async (job, options) => {
          const created = await right.create(job, options);
          await refresh();
          return created;
        },
        list: async () => ({ jobs }),
      };
    }),
  },
  {
    mistake: 'keeps the fields that it is given',
    fails: ['what a caller does to a job that it has given changes nothing in the store'],
    create: altered((right) => {
      const given = new Map<string, NewJob['fields']>();
      return {
        create: async (job, options) => {
          const created = await right.create(job, options);
          given.set(created.uuid, job.fields);
          return created;
        },
        get: async (uuid) => {
          const { owner, createdAt, updatedAt, version } = await right.get(uuid);
          const stamps = {
            owner,
            version,
            createdAt: JSON.stringify(createdAt),
            updatedAt: JSON.stringify(updatedAt),
          };
          return storedJob(given.get(uuid) ?? new Map(), stamps);
        },
      };
    }),
  },
];

const closing: Mistake[] = [
  {
    mistake: 'closes under the calls that are under way',
    fails: [WAITS],
    create: altered((right) => ({
      create: async (job, options) => {
        await aWhile();
        return right.create(job, options);
      },
    })),
  },
  {
    mistake: 'goes on after closing',
    fails: [CLOSED],
    create: altered(() => ({ close: async () => undefined })),
  },
  {
    mistake: 'is healthy when it is closed',
    fails: [CLOSED],
    create: altered(() => ({ healthCheck: async () => ({ ok: true, details: [] }) })),
  },
  {
    mistake: 'can be closed once',
    fails: [TWICE],
    create: async () => {
      const right = createMemoryStore();
      let isClosed = false;
      const close = async () => {
        if (isClosed) throw StateStoreError.closed();
        isClosed = true;
        await right.close();
      };
      return { store: { ...forwarding(right), close }, dispose: async () => undefined };
    },
  },
  {
    mistake: 'does not close when it is disposed of',
    fails: ['Symbol.asyncDispose closes the store'],
    create: altered(() => ({ [Symbol.asyncDispose]: async () => undefined })),
  },
  {
    mistake: 'updates each job when it is opened again',
    fails: ['what was stored is there after each reopening, also when nothing was written meanwhile'],
    create: journaled(async (store) => {
      for (const { uuid } of (await store.list()).jobs)
        await store.update({
          uuid,
          nodeId: '',
          owner: undefined,
          fields: new Map([['uuid', JSON.stringify(uuid)]]),
        });
    }),
  },
];

const random: Mistake[] = [
  {
    mistake: 'forgets a job now and then',
    fails: ['answers like the memory store, whatever is created, updated, deleted, synced and listed'],
    create: listing(async (list, filter) => {
      const page = await list(filter);
      return { ...page, jobs: page.jobs.length > 4 ? page.jobs.slice(1) : page.jobs };
    }),
  },
];

export const BROKEN_CALLS: readonly BrokenStore[] = [
  ...themed('arguments', args),
  ...themed('isolation', isolation),
  ...themed('closing', closing),
  ...themed('random sessions', random),
];
