import type { Job } from '../../job.js';
import { StateStoreError } from '../../state-store-error.js';
import type { StateStore } from '../../state-store.js';
import { fieldsOf } from '../../stored-job.js';
import {
  altered,
  aWhile,
  forwarding,
  isUnknown,
  reparsed,
  restamped,
  themed,
  unless,
  updating,
  withFields,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';
import { journaled } from './journaled-store.fixture.js';

const GONE = 'a deleted job is not found and not listed, the others are';
const NEVER = 'a job that was never there: JOB_NOT_FOUND, and no tombstone';
const BURIED = 'for 60 s no update creates the job again, then one does';
const AGAIN =
  'a create makes the job anew at once: nothing of the old one is left but that the version goes on';
const DELETED_MARK = 'a job that an update created can be deleted; its create then makes a new one';
const DELETE_RACE = 'of many deletes at a time exactly one succeeds';
const COMPARE_AND_DELETE =
  'of deletes and updates at a time that expect the same version exactly one succeeds';
const DELETE_OR_UPDATE = 'a delete among updates at a time: the job is gone, whichever came last';

const deletes: Mistake[] = [
  {
    mistake: 'lists what was deleted',
    fails: [GONE],
    create: altered((right) => {
      const deleted: Awaited<ReturnType<StateStore['get']>>[] = [];
      return {
        delete: async (uuid, options) => {
          const job = await right.get(uuid);
          await right.delete(uuid, options);
          deleted.push(job);
        },
        list: async (filter) => {
          const page = await right.list(filter);
          return { ...page, jobs: [...deleted, ...page.jobs] };
        },
      };
    }),
  },
  {
    mistake: 'deletes what is not there',
    fails: [GONE, NEVER, DELETE_RACE],
    create: altered((right) => ({
      delete: (uuid, options) => unless('JOB_NOT_FOUND', right.delete(uuid, options), () => undefined),
    })),
  },
  {
    mistake: 'buries what was never there',
    fails: [NEVER],
    create: altered((right) => {
      const buried = new Set<string>();
      return {
        delete: (uuid, options) => {
          buried.add(uuid);
          return right.delete(uuid, options);
        },
        update: async (job, options) => {
          if (buried.has(job.uuid)) throw StateStoreError.jobNotFound(job.uuid);
          return right.update(job, options);
        },
      };
    }),
  },
  {
    mistake: 'has no tombstones',
    fails: [BURIED, DELETED_MARK, DELETE_OR_UPDATE],
    create: updating((right, job, options) =>
      unless('JOB_NOT_FOUND', right.update(job, options), async () =>
        options.upsert === true ? right.create(job) : right.get(job.uuid),
      ),
    ),
  },
  {
    mistake: 'says of what was deleted that its version is another',
    fails: [BURIED],
    create: altered((right) => {
      const versions = new Map<string, number>();
      return {
        delete: async (uuid, options) => {
          const { version } = await right.get(uuid);
          await right.delete(uuid, options);
          versions.set(uuid, version + 1);
        },
        update: (job, options) =>
          unless('JOB_NOT_FOUND', right.update(job, options), () => {
            const [version, expected] = [versions.get(job.uuid), options?.expectedVersion];
            throw version === undefined || expected === undefined
              ? StateStoreError.jobNotFound(job.uuid)
              : StateStoreError.lockFailed(job.uuid, version, expected);
          }),
      };
    }),
  },
  { mistake: 'has tombstones of 59 s', fails: [BURIED], create: tombstonesOf(59_000) },
  { mistake: 'has tombstones of 61 s', fails: [BURIED], create: tombstonesOf(61_000) },
  {
    mistake: 'creates nothing where something was deleted',
    fails: [AGAIN, DELETED_MARK],
    create: altered((right) => {
      const deleted = new Set<string>();
      return {
        delete: async (uuid, options) => {
          await right.delete(uuid, options);
          deleted.add(uuid);
        },
        create: async (job, options) => {
          if (deleted.has(job.uuid)) throw StateStoreError.jobExists(job.uuid);
          return right.create(job, options);
        },
      };
    }),
  },
  {
    mistake: 'counts versions anew after a delete',
    fails: [AGAIN],
    create: altered((right) => ({
      create: async (job, options) => restamped(await right.create(job, options), { version: 1 }),
    })),
  },
  {
    mistake: 'counts versions anew after it was opened again',
    fails: ['the version of a deleted job goes on after reopening too'],
    create: async (clock) => {
      const { reopen, ...under } = await journaled()(clock);
      if (reopen === undefined) throw new TypeError('the journaled store can be opened again');
      return { ...under, reopen: async () => anew(await reopen()) };
    },
  },
  {
    mistake: 'rounds a job that is created where another was deleted',
    fails: [AGAIN],
    create: altered((right) => {
      const deleted = new Set<string>();
      return {
        delete: async (uuid, options) => {
          await right.delete(uuid, options);
          deleted.add(uuid);
        },
        create: (job, options) => right.create(deleted.has(job.uuid) ? reparsed(job) : job, options),
      };
    }),
  },
  {
    mistake: 'compares the version first and deletes later, whatever is there',
    fails: [COMPARE_AND_DELETE],
    create: altered((right) => ({
      delete: async (uuid, { expectedVersion } = {}) => {
        const { version } = await right.get(uuid);
        if (expectedVersion === undefined) return right.delete(uuid);
        if (expectedVersion !== version) throw StateStoreError.lockFailed(uuid, version, expectedVersion);
        await aWhile();
        return unless('JOB_NOT_FOUND', right.delete(uuid), () => undefined);
      },
    })),
  },
  {
    mistake: "gives the new job the old one's unknown fields",
    fails: [AGAIN],
    create: altered((right) => {
      const old = new Map<string, readonly [string, string][]>();
      return {
        delete: async (uuid, options) => {
          const fields = [...fieldsOf(await right.get(uuid))].filter(([name]) => isUnknown(name));
          await right.delete(uuid, options);
          old.set(uuid, fields);
        },
        create: (job, options) => right.create(withFields(job, old.get(job.uuid) ?? []), options),
      };
    }),
  },
];

/** The store, of which each job that it creates has version 1 for good. */
function anew(right: StateStore): StateStore {
  const created = new Set<string>();
  const restarted = (job: Job) => (created.has(job.uuid) ? restamped(job, { version: 1 }) : job);
  return {
    ...forwarding(right),
    get: async (uuid) => restarted(await right.get(uuid)),
    create: async (job, options) => {
      const answer = await right.create(job, options);
      created.add(answer.uuid);
      return restarted(answer);
    },
  };
}

function tombstonesOf(milliseconds: number): Mistake['create'] {
  return altered((right, clock) => {
    const deleted = new Map<string, number>();
    return {
      delete: async (uuid, options) => {
        await right.delete(uuid, options);
        deleted.set(uuid, clock.now());
      },
      update: async (job, options) => {
        const time = deleted.get(job.uuid);
        const isBuried = time !== undefined && clock.now() < time + milliseconds;
        if (isBuried) throw StateStoreError.jobNotFound(job.uuid);
        return unless('JOB_NOT_FOUND', right.update(job, options), () =>
          time !== undefined && options?.upsert === true ? right.create(job) : right.get(job.uuid),
        );
      },
    };
  });
}

export const BROKEN_DELETES: readonly BrokenStore[] = themed('deleting', deletes);
