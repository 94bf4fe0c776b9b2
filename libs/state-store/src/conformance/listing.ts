import assert from 'node:assert/strict';
import type { JobFilter } from '../filter.js';
import type { StateStore } from '../state-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { field, get, job, listed, time, uuids } from './jobs.js';

/** Jobs whose keys are equal or differ by a nanosecond or an offset; the order of creating them is no order at all. */
async function createSome(store: StateStore): Promise<void> {
  const jobs = [
    { uuid: 'e', status: 'RUNNING', nodeId: 'n1', startTime: '2025-11-20T00:00:00.000000002Z' },
    { uuid: 'b', status: 'RUNNING', nodeId: 'n2', startTime: '2025-11-20T01:00:00.000000001+01:00' },
    { uuid: 'B', status: 'FAILED', nodeId: 'n1', startTime: '2025-11-20T00:00:00.000000001Z', owner: 'rnx' },
    { uuid: 'd', status: 'PENDING', nodeId: 'n1', createdAt: '2025-11-19T23:59:59.999999999Z' },
    { uuid: 'c', status: 'RUNNING', nodeId: 'n1', startTime: '2025-11-20T00:00:00.1Z', owner: 'rnx' },
    { uuid: 'a', status: 'COMPLETED', nodeId: '', startTime: '2025-11-20T00:00:00.10Z' },
    { uuid: '\ue000', status: 'RUNNING', nodeId: 'n3', startTime: '2025-11-21T00:00:00Z' },
    { uuid: '😀', status: 'RUNNING', nodeId: 'n3', startTime: '2025-11-21T00:00:00Z' },
  ];
  const updated = [3, 1, 2, 0, 2, 1, 4, 4];
  for (const [index, fields] of jobs.entries()) {
    await store.create(job({ ...fields, updatedAt: time(updated[index]) }));
  }
}

const ORDERS: readonly (readonly [JobFilter, readonly string[]])[] = [
  [{}, ['d', 'B', 'b', 'e', 'a', 'c', '\ue000', '😀']],
  [{ sortBy: 'createdAt' }, ['d', 'B', 'b', 'e', 'a', 'c', '\ue000', '😀']],
  [{ sortBy: 'createdAt', sortDesc: true }, ['\ue000', '😀', 'a', 'c', 'e', 'B', 'b', 'd']],
  [{ sortDesc: true }, ['\ue000', '😀', 'a', 'c', 'e', 'B', 'b', 'd']],
  [{ sortBy: 'startTime' }, ['d', 'B', 'b', 'e', 'a', 'c', '\ue000', '😀']],
  [{ sortBy: 'startTime', sortDesc: true }, ['\ue000', '😀', 'a', 'c', 'e', 'B', 'b', 'd']],
  [{ sortBy: 'updatedAt' }, ['d', 'a', 'b', 'B', 'c', 'e', '\ue000', '😀']],
  [{ sortBy: 'updatedAt', sortDesc: true }, ['\ue000', '😀', 'e', 'B', 'c', 'a', 'b', 'd']],
  [{ sortBy: 'status' }, ['a', 'B', 'd', 'b', 'c', 'e', '\ue000', '😀']],
  [{ sortBy: 'status', sortDesc: true }, ['b', 'c', 'e', '\ue000', '😀', 'd', 'B', 'a']],
];

const orders: ConformanceCase = {
  name: 'in the order of the key, as instants; equal ones by uuid ascending, in either direction',
  async run(subject) {
    await createSome(subject.store);
    await subject.check(async (store) => {
      for (const [filter, expected] of ORDERS) {
        assert.deepEqual(await uuids(store, filter), expected, JSON.stringify(filter));
      }
    });
  },
};

const FILTERS: readonly (readonly [JobFilter, readonly string[]])[] = [
  [{ status: 'RUNNING' }, ['b', 'e', 'c', '\ue000', '😀']],
  [{ status: 'running' }, []],
  [{ status: '' }, ['d', 'B', 'b', 'e', 'a', 'c', '\ue000', '😀']],
  [{ statuses: ['FAILED', 'COMPLETED', 'FAILED', 'NONE'] }, ['B', 'a']],
  [{ statuses: [] }, ['d', 'B', 'b', 'e', 'a', 'c', '\ue000', '😀']],
  [{ status: 'RUNNING', statuses: ['FAILED'] }, []],
  [{ status: 'FAILED', statuses: ['FAILED', 'RUNNING'] }, ['B']],
  [{ nodeId: 'n1' }, ['d', 'B', 'e', 'c']],
  [{ nodeId: 'n' }, []],
  [{ nodeId: '' }, ['d', 'B', 'b', 'e', 'a', 'c', '\ue000', '😀']],
  [{ owner: 'rnx' }, ['B', 'c']],
  [{ owner: '' }, ['d', 'b', 'e', 'a', '\ue000', '😀']],
  [{ owner: 'nobody' }, []],
  [{ nodeId: 'n1', status: 'RUNNING' }, ['e', 'c']],
  [{ nodeId: 'n1', statuses: ['RUNNING', 'PENDING'], sortDesc: true }, ['c', 'e', 'd']],
  [{ nodeId: 'n1', status: 'RUNNING', owner: 'rnx', prefix: 'c' }, ['c']],
  [
    { statuses: ['RUNNING', 'PENDING'], sortBy: 'updatedAt', sortDesc: true },
    ['\ue000', '😀', 'e', 'c', 'b', 'd'],
  ],
];

const filters: ConformanceCase = {
  name: 'only jobs for which every condition holds',
  async run(subject) {
    await createSome(subject.store);
    await subject.check(async (store) => {
      for (const [filter, expected] of FILTERS) {
        assert.deepEqual(await uuids(store, filter), expected, JSON.stringify(filter));
      }
    });
  },
};

const prefixes: ConformanceCase = {
  name: 'a prefix is what it is: none of its characters stands for others',
  async run(subject) {
    const names = ['a%b', 'axb', 'a_b', 'a*b', 'a[x]b', 'a\\b', 'ab', 'A%b', 'b'];
    for (const uuid of names) await subject.store.create(job({ uuid, startTime: time(0) }));
    await subject.check(async (store) => {
      for (const prefix of ['a', 'a%', 'a_', 'a*', 'a[', 'a[x', 'a\\', 'ab', 'A', '', 'zzz', 'a%b']) {
        const expected = names.filter((name) => name.startsWith(prefix)).sort();
        assert.deepEqual(await uuids(store, { prefix }), expected, `prefix ${JSON.stringify(prefix)}`);
      }
    });
  },
};

const textPrefixes: ConformanceCase = {
  name: 'a prefix may have any characters, and all of them count',
  async run(subject) {
    const names = ['jö-1', 'jö-2', 'jö', 'j', 'jo-1', 'jü-1', '😀-a', '😀-b', '日本', '日本語', '\ufffd'];
    for (const uuid of names) await subject.store.create(job({ uuid, startTime: time(0) }));
    await subject.check(async (store) => {
      for (const prefix of [...names, 'jö-', '😀', '😀-', '日', 'jo\u0308', 'é']) {
        const expected = names.filter((name) => name.startsWith(prefix)).sort();
        assert.deepEqual(
          (await uuids(store, { prefix })).sort(),
          expected,
          `prefix ${JSON.stringify(prefix)}`,
        );
      }
    });
  },
};

const ownStatuses: ConformanceCase = {
  name: 'statuses that nobody knows are as good as any other, and so are jobs without one',
  async run(subject) {
    const statuses = ['DRAINING', 'running', 'läuft', 'a b', 'x'.repeat(512), '', undefined, null];
    for (const [index, status] of statuses.entries())
      await subject.store.create(job({ uuid: `job-${index}`, startTime: time(0), status }));
    await subject.store.create(job({ uuid: 'job-8', startTime: time(0) }));
    await subject.check(async (store) => {
      for (const [index, status] of statuses.entries())
        if (status) assert.deepEqual(await uuids(store, { status }), [`job-${index}`], status.slice(0, 9));
      assert.deepEqual(await uuids(store, { statuses: ['läuft', 'RUNNING'] }), ['job-2', 'job-8']);
      const empty = ['job-5', 'job-6', 'job-7'];
      assert.deepEqual(await uuids(store, { statuses: ['', 'a b'] }), ['job-3', ...empty]);
      const [ascending, descending] = [
        await uuids(store, { sortBy: 'status' }),
        await uuids(store, { sortBy: 'status', sortDesc: true }),
      ];
      const sorted = ['job-0', 'job-8', 'job-3', 'job-2', 'job-1', 'job-4'];
      assert.deepEqual(ascending, [...empty, ...sorted], 'those without a status are the first');
      assert.deepEqual(descending, [...sorted.reverse(), ...empty], 'those without a status are the last');
    });
  },
};

const manyStatuses: ConformanceCase = {
  name: 'any of a hundred and fifty statuses',
  async run(subject) {
    const names = (count: number) =>
      Array.from({ length: count }, (_, index) => `S-${String(index).padStart(3, '0')}`);
    const stored = [0, 9, 10, 11, 99, 100, 149, 150];
    for (const index of stored)
      await subject.store.create(
        job({ uuid: `job-${index}`, startTime: time(index), status: names(151)[index] }),
      );
    await subject.check(async (store) => {
      for (const count of [11, 12, 101, 150]) {
        const expected = stored.filter((index) => index < count).map((index) => `job-${index}`);
        assert.deepEqual(await uuids(store, { statuses: names(count) }), expected, `${count} statuses`);
      }
    });
  },
};

const anyTimes: ConformanceCase = {
  name: 'times before 1970 and after 2038 are as good as any other',
  async run(subject) {
    const times = [
      '0001-01-01T00:00:00.000000001Z',
      '1677-09-21T00:12:43.1Z',
      '1899-12-31T23:59:59+01:00',
      '1969-12-31T23:59:59.999999998Z',
      '1969-12-31T23:59:59.999999999Z',
      '1970-01-01T00:00:00Z',
      '2038-01-19T03:14:08Z',
      '2262-04-11T23:47:17Z',
      '9999-12-31T23:59:59.999999999Z',
    ];
    const names = times.map((_, index) => `job-${(index * 4) % times.length}`);
    for (const [index, at] of [...times.entries()].reverse())
      await subject.store.create(job({ uuid: names[index], createdAt: at, startTime: at, updatedAt: at }));
    await subject.check(async (store) => {
      for (const sortBy of ['createdAt', 'startTime', 'updatedAt'] as const) {
        assert.deepEqual(await uuids(store, { sortBy }), names, sortBy);
        assert.deepEqual(await uuids(store, { sortBy, sortDesc: true }), [...names].reverse(), sortBy);
      }
      for (const [index, at] of times.entries())
        assert.equal(field(await get(store, names[index]), 'createdAt'), JSON.stringify(at));
    });
  },
};

const limits: ConformanceCase = {
  name: 'a limit gives the first ones, and a cursor just when there are more; 0 is none',
  async run(subject) {
    await createSome(subject.store);
    await subject.check(async (store) => {
      for (const [filter, expected] of [...ORDERS, ...FILTERS]) {
        for (const limit of [1, 2, 5, expected.length, expected.length + 1, 1_000_000]) {
          if (limit === 0) continue;
          const page = await store.list({ ...filter, limit });
          const asked = JSON.stringify({ ...filter, limit });
          assert.deepEqual(
            page.jobs.map(({ uuid }) => uuid),
            expected.slice(0, limit),
            asked,
          );
          assert.equal(
            page.nextCursor !== undefined,
            expected.length > limit,
            `${asked}: whether there is a cursor`,
          );
        }
        assert.equal((await listed(store, { ...filter, limit: 0 })).length, expected.length);
      }
    });
  },
};

const empty: ConformanceCase = {
  name: 'a store without jobs has an empty list',
  run: (subject) =>
    subject.check(async (store) => {
      for (const filter of [
        undefined,
        {},
        { status: 'RUNNING' },
        { limit: 1 },
        { sortDesc: true },
        { nodeId: 'n1' },
      ])
        assert.deepEqual(await listed(store, filter), []);
    }),
};

const many: ConformanceCase = {
  name: 'a list of 5,100 jobs has them all',
  async run(subject) {
    const names = Array.from({ length: 5100 }, (_, index) => `job-${String(index).padStart(5, '0')}`);
    // One sync: a remote store would need a while to create them one by one.
    const jobs = names.map((uuid) => job({ uuid, startTime: time(0), filler: 'x'.repeat(500) }));
    await subject.store.sync(jobs, { nodeId: 'node-1', owner: '' });
    await subject.check(async (store) => {
      assert.deepEqual(await uuids(store), names);
      assert.deepEqual(await uuids(store, { status: 'RUNNING', nodeId: 'node-1' }), names);
    });
  },
};

export const listing: Theme = {
  name: 'listing',
  cases: [orders, filters, prefixes, textPrefixes, ownStatuses, manyStatuses, anyTimes, limits, empty, many],
};
