import type { NewJob } from '../../job.js';
import { knownField } from '../../known-fields.js';
import { createMemoryStore } from '../../memory-store.js';
import { StateStoreError } from '../../state-store-error.js';
import type { StateStore, UpdateOptions } from '../../state-store.js';
import { fieldsOf } from '../../stored-job.js';
import {
  altered,
  aWhile,
  forwarding,
  found,
  giving,
  restamped,
  themed,
  unless,
  withFields,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';
import { journaled } from './journaled-store.fixture.js';

const FIRST = 'a new job has version 1 and the owner that it says';
const EXISTS = 'a job that is there already: JOB_EXISTS, and it stays as it is';
const TIMES = "createdAt is the job's own, else its start, else now; updatedAt is its own, else now";
const CREATE_RACE = 'of many creates of a job at a time exactly one succeeds';
const REPLACES = 'known fields are those of the update, the others of both; null removes either';
const CHARACTERS =
  'unknown fields that stay are character for character the same, however often the job is updated';
const STAMPS = 'createdAt and owner stay, updatedAt is now, and the version grows';
const LOST = 'of many updates at a time none is lost';
const CAS = 'of many updates at a time that expect the same version exactly one succeeds';
const MARKS =
  'an update before the create makes the job; the first create answers with it, the next one with JOB_EXISTS';
const STAYS = 'further updates keep the mark; a job that was created has none';
const EITHER = 'a create and an update at a time both succeed, and the job is as updated';
const ONE_CREATE = 'of many creates at a time of a job that an update made exactly one succeeds';
const GONE = 'a deleted job is not found and not listed, the others are';
const NEVER = 'a job that was never there: JOB_NOT_FOUND, and no tombstone';
const BURIED = 'for 60 s no update creates the job again, then one does';
const AGAIN =
  'a create makes the job anew at once: nothing of the old one is left but that the version goes on';
const DELETED_MARK = 'a job that an update created can be deleted; its create then makes a new one';
const DELETE_RACE = 'of many deletes at a time exactly one succeeds';
const DELETE_OR_UPDATE = 'a delete among updates at a time: the job is gone, whichever came last';

function updating(
  change: (right: StateStore, job: NewJob, options: UpdateOptions) => ReturnType<StateStore['update']>,
): Mistake['create'] {
  return altered((right) => ({ update: (job, options = {}) => change(right, job, options) }));
}

/** The update with what it makes of the stored job's fields, if that is there. */
async function withStored(
  right: StateStore,
  job: NewJob,
  change: (name: string, text: string) => string | undefined,
): Promise<NewJob> {
  const stored = await found(right, job.uuid);
  const more: [string, string][] = [];
  for (const [name, text] of stored ? fieldsOf(stored) : []) {
    const changed = job.fields.has(name) ? undefined : change(name, text);
    if (changed !== undefined) more.push([name, changed]);
  }
  return withFields(job, more);
}

function isUnknown(name: string): boolean {
  return knownField(name) === undefined;
}

const overwrites: Mistake['create'] = altered((right) => ({
  create: async (job, options) => {
    if ((await found(right, job.uuid)) !== undefined) return right.create(job, options);
    await aWhile();
    return unless('JOB_EXISTS', right.create(job, options), () => right.update(job));
  },
}));

const creating: Mistake[] = [
  {
    mistake: 'counts versions from 0',
    fails: [FIRST],
    create: giving((job) => restamped(job, { version: job.version - 1 })),
  },
  { mistake: 'forgets owners', fails: [FIRST], create: giving((job) => restamped(job, { owner: '' })) },
  {
    mistake: 'overwrites what is there',
    fails: [EXISTS, CREATE_RACE],
    create: altered((right) => ({
      create: (job, options) => unless('JOB_EXISTS', right.create(job, options), () => right.update(job)),
    })),
  },
  {
    mistake: 'takes the time of the call for createdAt',
    fails: [TIMES],
    create: altered((right, clock) => ({
      create: (job, options) => {
        const now = JSON.stringify(new Date(clock.now()).toISOString());
        return right.create(withFields(job, [['createdAt', now]]), options);
      },
    })),
  },
  {
    mistake: 'rewrites createdAt in UTC',
    fails: [TIMES],
    create: giving((job) => restamped(job, { createdAt: JSON.stringify(job.createdAt) })),
  },
  {
    mistake: 'does not restore',
    fails: ['restore keeps the version and the times that the job says'],
    create: altered((right) => ({ create: (job) => right.create(job) })),
  },
  { mistake: 'looks first and writes later', fails: [CREATE_RACE], create: overwrites },
];

const updates: Mistake[] = [
  {
    mistake: 'keeps known fields that the update does not have',
    fails: [REPLACES],
    create: updating(async (right, job, options) =>
      right.update(await withStored(right, job, (_, text) => text), options),
    ),
  },
  {
    mistake: 'forgets unknown fields that the update does not have',
    fails: [REPLACES, CHARACTERS],
    create: updating(async (right, job, options) =>
      right.update(await withStored(right, job, (name) => (isUnknown(name) ? 'null' : undefined)), options),
    ),
  },
  {
    mistake: 'forgets completedAt',
    fails: [REPLACES],
    create: updating((right, job, options) =>
      right.update(withFields(job, job.fields.has('completedAt') ? [] : [['completedAt', 'null']]), options),
    ),
  },
  {
    mistake: 'does not let null remove anything',
    fails: [REPLACES],
    create: updating((right, job, options) =>
      right.update(
        { ...job, fields: new Map([...job.fields].filter(([, text]) => text !== 'null')) },
        options,
      ),
    ),
  },
  {
    mistake: 'rounds numbers that stay',
    fails: [CHARACTERS],
    create: updating(async (right, job, options) => {
      const rounded = (name: string, text: string) =>
        isUnknown(name) ? JSON.stringify(JSON.parse(text)) : undefined;
      return right.update(await withStored(right, job, rounded), options);
    }),
  },
  {
    mistake: 'has a version that does not grow',
    fails: [STAMPS, LOST],
    create: giving((job) => restamped(job, { version: 1 })),
  },
  {
    mistake: 'changes createdAt',
    fails: [STAMPS],
    create: giving((job) => restamped(job, { createdAt: fieldsOf(job).get('updatedAt') ?? '' })),
  },
  {
    mistake: "takes the updater for the job's owner",
    fails: [STAMPS],
    create: updating((right, job, options) =>
      right.update({ ...job, owner: job.owner ?? options.owner }, options),
    ),
  },
  {
    mistake: 'creates what it does not find',
    fails: ['a job that is not there: JOB_NOT_FOUND, and none is created'],
    create: updating((right, job, options) => right.update(job, { ...options, upsert: true })),
  },
  {
    mistake: 'ignores expectedVersion',
    fails: ['expectedVersion: LOCK_FAILED unless it is the version stored', CAS],
    create: updating((right, job, { upsert = false, owner }) => right.update(job, { upsert, owner })),
  },
  {
    mistake: 'lists jobs by the status and the node that they had first',
    fails: ['a job that has got another status or node is listed there, and no longer where it was'],
    create: altered((right) => {
      const first = new Map<string, NewJob>();
      return {
        create: (job, options) => {
          first.set(job.uuid, job);
          return right.create(job, options);
        },
        list: async ({ status = '', nodeId = '', ...filter } = {}) => {
          const { jobs } = await right.list(filter);
          const had = ({ uuid }: { uuid: string }, name: string) =>
            first.get(uuid)?.fields.get(name)?.slice(1, -1) ?? '';
          return {
            jobs: jobs.filter(
              (job) =>
                (status === '' || had(job, 'status') === status) &&
                (nodeId === '' || had(job, 'nodeId') === nodeId),
            ),
          };
        },
      };
    }),
  },
  {
    mistake: 'writes what it has made of a job that it read a while ago',
    fails: [LOST],
    create: updating(async (right, job, options) => {
      const read = await found(right, job.uuid);
      await aWhile();
      const names = new Set(read && fieldsOf(read).keys());
      const newer = (name: string) => (isUnknown(name) && !names.has(name) ? 'null' : undefined);
      return right.update(await withStored(right, job, newer), options);
    }),
  },
  {
    mistake: 'compares the version first and writes later',
    fails: [CAS],
    create: updating(async (right, job, { expectedVersion, ...options }) => {
      const { version } = await right.get(job.uuid);
      if (expectedVersion !== undefined && version !== expectedVersion)
        throw StateStoreError.lockFailed(job.uuid, version, expectedVersion);
      await aWhile();
      return right.update(job, options);
    }),
  },
  {
    mistake: 'does not look again at what it has read once',
    fails: ['what another one on the same data has changed is seen at once'],
    create: async (clock) => {
      const right = createMemoryStore({ now: clock.now });
      const read = new Map<string, ReturnType<StateStore['get']>>();
      const get: StateStore['get'] = (uuid) => {
        const job = read.get(uuid) ?? right.get(uuid);
        read.set(uuid, job);
        return job;
      };
      const second = async () => ({ ...forwarding(right), get });
      return { store: right, second, dispose: async () => undefined };
    },
  },
];

const upserting: Mistake[] = [
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
    fails: ['the job that an update creates has the times of a new one, the owner asked for, and no nulls'],
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

const deleting: Mistake[] = [
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

export const BROKEN_CHANGES: readonly BrokenStore[] = [
  ...themed('creating', creating),
  ...themed('updating', updates),
  ...themed('updates that come before their create', upserting),
  ...themed('deleting', deleting),
];
