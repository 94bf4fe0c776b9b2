import type { JobFilter } from '../filter.js';
import type { ConformanceCase, Theme } from './case.js';
import { job, uuids } from './jobs.js';
import { rejects } from './rejects.js';

const NO_UUIDS = ['', 'a\u0000b', 'a\nb', 'a\u007f', '\ud800', 'a'.repeat(513), 'ü'.repeat(257)];

const ids: ConformanceCase = {
  name: 'what cannot be a uuid: INVALID_ARGUMENT',
  async run({ store }) {
    for (const uuid of NO_UUIDS) {
      const shown = JSON.stringify(uuid.slice(0, 9));
      await rejects('INVALID_ARGUMENT', () => store.get(uuid), `get(${shown})`);
      await rejects('INVALID_ARGUMENT', () => store.delete(uuid), `delete(${shown})`);
    }
  },
};

const versions: ConformanceCase = {
  name: 'what cannot be a version: INVALID_ARGUMENT, whether or not the job is there',
  async run({ store }) {
    await store.create(job());
    for (const expectedVersion of [0, -1, 1.5, NaN, Infinity, 2 ** 53]) {
      for (const uuid of ['job-1', 'unknown']) {
        const what = `expectedVersion ${expectedVersion} for ${uuid}`;
        await rejects('INVALID_ARGUMENT', () => store.update(job({ uuid }), { expectedVersion }), what);
        await rejects('INVALID_ARGUMENT', () => store.delete(uuid, { expectedVersion }), what);
      }
    }
  },
};

const FILTERS: readonly JobFilter[] = [
  { limit: -1 },
  { limit: 1.5 },
  { limit: NaN },
  { limit: Infinity },
  { nodeId: 'a\u0000' },
  { status: '\n' },
  { statuses: ['RUNNING', 'x'.repeat(600)] },
  { owner: '\ud800' },
];

const filters: ConformanceCase = {
  name: 'what cannot be a filter: INVALID_ARGUMENT',
  async run({ store }) {
    await store.create(job());
    for (const filter of FILTERS)
      await rejects('INVALID_ARGUMENT', () => store.list(filter), JSON.stringify(filter));
    const unknownKey = JSON.parse('{"sortBy":"pid"}') as JobFilter;
    await rejects('INVALID_ARGUMENT', () => store.list(unknownKey), 'sortBy pid');
  },
};

const undefineds: ConformanceCase = {
  name: 'options that are undefined are as if they were not there',
  async run({ store }) {
    await store.create(job(), {});
    await store.update(job(), { expectedVersion: undefined, owner: undefined });
    const page = {
      status: undefined,
      statuses: undefined,
      nodeId: undefined,
      owner: undefined,
      prefix: undefined,
    };
    await uuids(store, {
      ...page,
      limit: undefined,
      sortBy: undefined,
      sortDesc: undefined,
      cursor: undefined,
    });
    await store.delete('job-1', { expectedVersion: undefined });
  },
};

export const invalidArguments: Theme = { name: 'arguments', cases: [ids, versions, filters, undefineds] };
