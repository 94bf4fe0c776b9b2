import type { NewJob } from '../../job.js';
import { createMemoryStore } from '../../memory-store.js';
import { StateStoreError } from '../../state-store-error.js';
import type { JobPage, StateStore } from '../../state-store.js';
import { fieldsOf } from '../../stored-job.js';
import {
  altered,
  aWhile,
  forwarding,
  found,
  giving,
  isUnknown,
  reparsedText,
  restamped,
  themed,
  updating,
  withFields,
  withStored,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

const REPLACES = 'known fields are those of the update, the others of both; null removes either';
const CHARACTERS =
  'unknown fields that stay are character for character the same, however often the job is updated';
const STAMPS = 'createdAt and owner stay, updatedAt is now, and the version grows';
const ABSENT = 'a job that is not there: JOB_NOT_FOUND, and none is created';
const LOCKED = 'expectedVersion: LOCK_FAILED unless it is the version stored';
const SEEN = 'what another one on the same data has changed is seen at once';
const LOST = 'of many updates at a time none is lost';
const CAS = 'of many updates at a time that expect the same version exactly one succeeds';

const updates: Mistake[] = [
  {
    mistake: 'rejects with errors of its own, with the right codes',
    fails: [ABSENT, LOCKED, CAS],
    create: altered((right) => ({
      get: (uuid) => uncommon(right.get(uuid)),
      update: (job, options) => uncommon(right.update(job, options)),
      delete: (uuid, options) => uncommon(right.delete(uuid, options)),
    })),
  },
  {
    mistake: 'shows a list for a second',
    fails: [SEEN],
    create: async (clock) => {
      const right = createMemoryStore({ now: clock.now });
      const shown = new Map<string, { readonly until: number; readonly page: Promise<JobPage> }>();
      const list: StateStore['list'] = (filter) => {
        const asked = JSON.stringify(filter ?? {});
        const before = shown.get(asked);
        if (before !== undefined && clock.now() < before.until) return before.page;
        const page = right.list(filter);
        shown.set(asked, { until: clock.now() + 1_000, page });
        return page;
      };
      const second = async () => ({ ...forwarding(right), list });
      return { store: right, second, dispose: async () => undefined };
    },
  },
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
      const rounded = (name: string, text: string) => (isUnknown(name) ? reparsedText(text) : undefined);
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
    fails: [ABSENT],
    create: updating((right, job, options) => right.update(job, { ...options, upsert: true })),
  },
  {
    mistake: 'ignores expectedVersion',
    fails: [LOCKED, CAS],
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
    fails: [SEEN],
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

/** What the call gives; its error as one that the service does not know. */
async function uncommon<Value>(call: Promise<Value>): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof StateStoreError)) throw error;
    throw Object.assign(new Error(error.message), { code: error.code });
  }
}

export const BROKEN_UPDATES: readonly BrokenStore[] = themed('updating', updates);
