import assert from 'node:assert/strict';
import type { JobFilter } from '../filter.js';
import type { StateStore } from '../state-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { consistent, job, time, uuids } from './jobs.js';
import { rejects } from './rejects.js';

const FILTERS: readonly JobFilter[] = [
  {},
  { sortDesc: true },
  { sortBy: 'updatedAt' },
  { sortBy: 'updatedAt', sortDesc: true },
  { sortBy: 'startTime', sortDesc: true },
  { sortBy: 'status' },
  { sortBy: 'status', sortDesc: true },
  { status: 'RUNNING', sortDesc: true },
  { statuses: ['FAILED', 'RUNNING'], nodeId: 'node-0' },
  { nodeId: 'node-1', sortBy: 'updatedAt' },
  { owner: 'rnx' },
  { prefix: 'job-1' },
];

/** Forty jobs with many equal keys. */
async function createForty(store: StateStore): Promise<void> {
  for (let index = 0; index < 40; index++) {
    await store.create(
      job({
        uuid: `job-${String((index * 17) % 40).padStart(2, '0')}`,
        status: ['RUNNING', 'FAILED', 'PENDING'][index % 3],
        nodeId: `node-${index % 2}`,
        owner: index % 5 === 0 ? 'rnx' : undefined,
        startTime: time(index >> 3),
        updatedAt: time(index >> 2),
      }),
    );
  }
}

/** The uuids of all pages; `meanwhile` runs after each but the last. */
async function paged(
  store: StateStore,
  filter: JobFilter,
  limit: number,
  meanwhile: (page: number) => Promise<void> = async () => undefined,
): Promise<string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  for (let page = 1; ; page++) {
    assert.ok(page < 200, 'the pages have no end');
    const { jobs, nextCursor } = await store.list({ ...filter, limit, cursor });
    found.push(...jobs.map((one) => consistent(one).uuid));
    if (nextCursor === undefined) return found;
    assert.equal(jobs.length, limit, `jobs of page ${page}, which is not the last`);
    cursor = nextCursor;
    await meanwhile(page);
  }
}

const complete: ConformanceCase = {
  name: 'the pages together are the list, whatever the order, the filter and the limit',
  async run(subject) {
    await createForty(subject.store);
    await subject.check(async (store) => {
      for (const filter of FILTERS) {
        const expected = await uuids(store, filter);
        assert.ok(expected.length > 3);
        for (const limit of [1, 3, 7, 40]) {
          assert.deepEqual(await paged(store, filter, limit), expected, JSON.stringify({ ...filter, limit }));
        }
      }
    });
  },
};

const changing: ConformanceCase = {
  name: 'what is there all the time is on one page, though others come and go, the last of a page among them',
  async run(subject) {
    const { store } = subject;
    for (const sortDesc of [false, true]) {
      const names = Array.from(
        { length: 30 },
        (_, index) => `${String(sortDesc)}-${String(index).padStart(2, '0')}`,
      );
      for (const [index, uuid] of names.entries()) {
        await store.create(job({ uuid, createdAt: time(index >> 1), nodeId: String(sortDesc) }));
      }
      const order = await uuids(store, { nodeId: String(sortDesc), sortDesc });
      const gone: string[] = [];
      let added = 0;
      const found = await paged(store, { nodeId: String(sortDesc), sortDesc }, 4, async (page) => {
        // The last of the page before, and one that is still to come.
        for (const uuid of [order[page * 4 - 1], order[page * 4 + 1]]) {
          if (uuid === undefined || gone.includes(uuid)) continue;
          gone.push(uuid);
          await store.delete(uuid);
        }
        await store
          .update(job({ uuid: order[0], status: 'FAILED', nodeId: String(sortDesc) }))
          .catch(() => undefined);
        for (const seconds of [-50, 7, 99]) {
          await store.create(
            job({
              uuid: `${String(sortDesc)}-new-${added++}`,
              createdAt: time(seconds),
              nodeId: String(sortDesc),
            }),
          );
        }
      });
      assert.deepEqual(
        found.filter((uuid) => !uuid.includes('new') && !gone.includes(uuid)),
        order.filter((uuid) => !gone.includes(uuid)),
        'those that were there all the time',
      );
      assert.equal(new Set(found).size, found.length, 'jobs that are on one page only');
    }
  },
};

const remembered: ConformanceCase = {
  name: "a cursor goes on in its list's order, also for another store on the data, and after reopening",
  async run(subject) {
    await createForty(subject.store);
    const order = await uuids(subject.store, { sortBy: 'status', sortDesc: true });
    const { nextCursor } = await subject.store.list({ sortBy: 'status', sortDesc: true, limit: 5 });
    assert.deepEqual(await uuids(await subject.second(), { cursor: nextCursor }), order.slice(5));
    await subject.check(async (store) => {
      assert.deepEqual(await uuids(store, { cursor: nextCursor }), order.slice(5), 'without an order');
      const other = { sortBy: 'createdAt', sortDesc: false, cursor: nextCursor } as const;
      assert.deepEqual(await uuids(store, other), order.slice(5), 'with another order');
    });
  },
};

const invalid: ConformanceCase = {
  name: 'a cursor that no list has given: INVALID_ARGUMENT',
  async run({ store }) {
    const forged = Buffer.from('{"a":1}').toString('base64url');
    for (const cursor of ['x', '%', forged, `${forged}=`, 'A'.repeat(100_000)]) {
      await rejects(
        'INVALID_ARGUMENT',
        () => store.list({ cursor }),
        `a list with the cursor ${cursor.slice(0, 20)}`,
      );
    }
  },
};

export const paging: Theme = { name: 'paging', cases: [complete, changing, remembered, invalid] };
