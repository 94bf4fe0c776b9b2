import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { StateStore } from '../state-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { EXACT, exactJob, field, get, job, listed, sameStored, time, uuids } from './jobs.js';
import { rejects } from './rejects.js';

const SCOPE = { nodeId: 'node-1', owner: '' } as const;

/** Jobs of two nodes and two owners, and some without either. */
async function createSome(store: StateStore): Promise<void> {
  const of = (uuid: string, fields: object) => store.create(job({ uuid, startTime: time(0), ...fields }));
  await of('a', {});
  await of('b', {});
  await of('c', { status: 'COMPLETED' });
  await of('other-node', { nodeId: 'node-2' });
  await of('other-owner', { owner: 'rnx' });
  await of('other-both', { owner: 'rnx', nodeId: 'node-2' });
  await of('no-node', { nodeId: undefined });
  await of('node-10', { nodeId: 'node-10' });
}

const OTHERS = ['no-node', 'node-10', 'other-both', 'other-node', 'other-owner'];

const reconciles: ConformanceCase = {
  name: "creates, updates and removes the scope's jobs; those of other nodes and owners stay untouched",
  async run(subject) {
    const { store } = subject;
    await createSome(store);
    const before = await listed(store);
    const counts = await store.sync(
      [job({ uuid: 'b', status: 'FAILED' }), job({ uuid: 'new', startTime: time(1) })],
      SCOPE,
    );
    assert.deepEqual({ ...counts }, { created: 1, updated: 1, unchanged: 0, removed: 2 });
    await subject.check(async (found) => {
      assert.deepEqual(await uuids(found), ['b', ...OTHERS, 'new']);
      for (const uuid of OTHERS)
        await sameStored(
          found,
          before.find((one) => one.uuid === uuid)!,
        );
      assert.deepEqual((await get(found, 'b')).status, 'FAILED');
      assert.deepEqual(await uuids(found, { nodeId: 'node-1' }), ['b', 'other-owner', 'new']);
      assert.deepEqual(await uuids(found, { status: 'COMPLETED' }), []);
    });
  },
};

const ownersToo: ConformanceCase = {
  name: "the sync of an owner does not touch a daemon's jobs",
  async run(subject) {
    const { store } = subject;
    await createSome(store);
    await store.sync([job({ uuid: 'mine', owner: 'rnx', startTime: time(1) })], {
      nodeId: 'node-1',
      owner: 'rnx',
    });
    await subject.check(async (found) => {
      const kept = ['a', 'b', 'c', ...OTHERS.filter((uuid) => uuid !== 'other-owner'), 'mine'];
      assert.deepEqual(await uuids(found), kept);
      assert.equal((await get(found, 'mine')).owner, 'rnx');
    });
  },
};

const updates: ConformanceCase = {
  name: 'a given job is updated as by update: unknown fields, createdAt and owner stay, the version grows',
  async run(subject) {
    const { store } = subject;
    await store.create(exactJob({ args: ['x'], nodeId: 'node-2', owner: 'rnx' }));
    subject.clock.advance(1000);
    await store.sync([job({ status: 'FAILED' })], SCOPE);
    assert.equal((await get(store)).version, 2);
    await store.sync([job({ status: 'STOPPED' })], SCOPE);
    await subject.check(async (found) => {
      const updated = await get(found);
      assert.deepEqual([updated.version, updated.owner, updated.nodeId], [3, 'rnx', 'node-1']);
      assert.deepEqual([field(updated, 'exact'), field(updated, 'args')], [EXACT, undefined]);
      assert.ok(updated.createdAt < updated.updatedAt);
    });
  },
};

const unchanged: ConformanceCase = {
  name: 'a given job that is stored just so stays as it is',
  async run(subject) {
    const created = await subject.store.create(job({ big: 1, args: ['x'] }));
    subject.clock.advance(1000);
    const counts = await subject.store.sync([job({ args: ['x'], big: 1 })], SCOPE);
    assert.deepEqual({ ...counts }, { created: 0, updated: 0, unchanged: 1, removed: 0 });
    await subject.check((store) => sameStored(store, created));
  },
};

const empty: ConformanceCase = {
  name: 'no jobs: the scope is emptied when it has a node, and nothing happens when it has none',
  async run(subject) {
    const { store } = subject;
    await createSome(store);
    const nothing = { created: 0, updated: 0, unchanged: 0, removed: 0 };
    assert.deepEqual({ ...(await store.sync([], { nodeId: undefined, owner: '' })) }, nothing);
    assert.equal((await listed(store)).length, 8);
    assert.deepEqual({ ...(await store.sync([], { nodeId: 'nowhere', owner: '' })) }, nothing);
    assert.deepEqual({ ...(await store.sync([], SCOPE)) }, { ...nothing, removed: 3 });
    await subject.check(async (found) => assert.deepEqual(await uuids(found), OTHERS));
  },
};

const lateCalls: ConformanceCase = {
  name: 'what it removes is deleted, and what it creates is created: marks and tombstones are as then',
  async run({ store }) {
    await createSome(store);
    await store.delete('c');
    await store.sync([job({ uuid: 'c' }), job({ uuid: 'new' })], SCOPE);
    await rejects('JOB_NOT_FOUND', () => store.update(job({ uuid: 'a' }), { upsert: true }));
    for (const uuid of ['c', 'new']) await rejects('JOB_EXISTS', () => store.create(job({ uuid })), uuid);
    assert.equal((await get(store, 'c')).version, 3);
  },
};

const many: ConformanceCase = {
  name: '1,200 jobs at once',
  async run(subject) {
    const { store } = subject;
    const names = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => `job-${String(from + index).padStart(4, '0')}`);
    const jobs = (from: number, to: number) =>
      names(from, to).map((uuid) => job({ uuid, startTime: time(0) }));
    await store.sync(jobs(0, 1200), SCOPE);
    assert.deepEqual(await uuids(store), names(0, 1200));
    const counts = await store.sync(jobs(1100, 1300), SCOPE);
    assert.deepEqual({ ...counts }, { created: 100, updated: 0, unchanged: 100, removed: 1100 });
    await subject.check(async (found) => {
      assert.deepEqual(await uuids(found), names(1100, 1300));
      assert.deepEqual(await uuids(found, { nodeId: 'node-1', status: 'RUNNING' }), names(1100, 1300));
    });
  },
};

const exact: ConformanceCase = {
  name: 'the jobs are stored as they came, character for character, whether new, there already or deleted',
  async run(subject) {
    const names = ['new', 'there', 'deleted'];
    for (const uuid of names.slice(1)) await subject.store.create(job({ uuid }));
    await subject.store.delete('deleted');
    await subject.store.sync(
      names.map((uuid) => exactJob({ uuid })),
      SCOPE,
    );
    await subject.check(async (store) => {
      for (const uuid of names) assert.equal(field(await get(store, uuid), 'exact'), EXACT, uuid);
    });
  },
};

const atomic: ConformanceCase = {
  name: 'nobody sees half of it',
  needs: ['atomicSync'],
  async run(subject) {
    const { store } = subject;
    const other = await subject.second();
    const jobs = (generation: number) =>
      Array.from({ length: 60 }, (_, index) => job({ uuid: `${generation % 2}-${index}`, pid: generation }));
    await store.sync(jobs(0), SCOPE);
    for (let generation = 1; generation <= 6; generation++) {
      let isDone = false;
      const sync = store.sync(jobs(generation), SCOPE).finally(() => (isDone = true));
      const seen: number[] = [];
      while (!isDone) {
        seen.push(new Set((await listed(other)).map((one) => field(one, 'pid'))).size);
        await setImmediate();
      }
      await sync;
      assert.equal(Math.max(...seen), 1, 'generations that are seen at a time');
    }
    assert.equal((await listed(other)).length, 60);
  },
};

const concurrent: ConformanceCase = {
  name: 'updates at a time are not lost, and nothing of others is',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    await createSome(subject.store);
    const update = (index: number) => stores[index % 2].update(job({ uuid: 'a', [`field${index}`]: 1 }));
    const sync = (index: number) =>
      stores[index].sync([job({ uuid: 'a', pid: index }), job({ uuid: 'b' }), job({ uuid: 'c' })], SCOPE);
    await Promise.all([update(0), sync(0), update(1), update(2), update(3), sync(1), update(4), update(5)]);
    const found = await get(subject.store, 'a');
    for (let index = 0; index < 6; index++) assert.equal(field(found, `field${index}`), '1', `field${index}`);
    assert.equal((await listed(subject.store)).length, 8);
  },
};

export const syncing: Theme = {
  name: 'sync',
  cases: [reconciles, ownersToo, updates, unchanged, empty, lateCalls, many, exact, atomic, concurrent],
};
