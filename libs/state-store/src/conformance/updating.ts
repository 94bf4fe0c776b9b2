import assert from 'node:assert/strict';
import type { ConformanceCase, Theme } from './case.js';
import { EXACT, exactJob, field, get, job, listed, sameStored, time, UUID, uuids } from './jobs.js';
import { outcomes, rejects } from './rejects.js';

const replaces: ConformanceCase = {
  name: 'known fields are those of the update, the others of both; null removes either',
  async run(subject) {
    const { store } = subject;
    await store.create(
      job({ args: ['a'], pid: 1, future: { a: 1 }, other: 2, third: 3, completedAt: time(9) }),
    );
    const updated = await store.update(
      job({ status: 'COMPLETED', pid: null, other: null, third: { b: 4 }, fourth: 5 }),
    );
    const expected = {
      status: '"COMPLETED"',
      command: '"/bin/true"',
      args: undefined,
      pid: undefined,
      future: '{"a":1}',
      other: undefined,
      third: '{"b":4}',
      fourth: '5',
      completedAt: `"${time(9)}"`,
    };
    assert.equal(updated.status, 'COMPLETED');
    await subject.check(async (found) => {
      await sameStored(found, updated);
      for (const [name, text] of Object.entries(expected))
        assert.equal(field(await get(found), name), text, name);
    });
  },
};

const exact: ConformanceCase = {
  name: 'unknown fields that stay are character for character the same, however often the job is updated',
  async run(subject) {
    const { store } = subject;
    await store.create(exactJob());
    for (let pid = 1; pid <= 3; pid++) await store.update(job({ pid }));
    await subject.check(async (found) => assert.equal(field(await get(found), 'exact'), EXACT));
  },
};

const stamps: ConformanceCase = {
  name: 'createdAt and owner stay, updatedAt is now, and the version grows',
  async run(subject) {
    const { store, clock } = subject;
    const created = await store.create(job({ owner: 'rnx', startTime: time(0) }));
    clock.advance(1_000);
    const stale = { version: 1, updatedAt: time(0), createdAt: time(77) };
    const updated = await store.update(job({ startTime: time(5), ...stale }));
    assert.deepEqual(
      [updated.createdAt, updated.owner, updated.version, updated.updatedAt],
      [created.createdAt, 'rnx', 2, `${new Date(clock.now()).toISOString().slice(0, -1)}000000Z`],
    );
    const again = await store.update(job({ startTime: time(5) }), { owner: 'other' });
    assert.deepEqual([again.version, again.owner], [3, 'rnx']);
    assert.equal((await store.update(job({ owner: 'new' }))).owner, 'new', 'an owner that the job says');
    await subject.check(async (found) => assert.equal((await get(found)).version, 4));
  },
};

const absent: ConformanceCase = {
  name: 'a job that is not there: JOB_NOT_FOUND, and none is created',
  async run(subject) {
    await rejects('JOB_NOT_FOUND', () => subject.store.update(job()));
    await rejects('JOB_NOT_FOUND', () => subject.store.update(job(), { expectedVersion: 1 }));
    await rejects('JOB_NOT_FOUND', () => subject.store.update(job(), { upsert: false }));
    await subject.check((store) => rejects('JOB_NOT_FOUND', () => store.get(UUID)));
  },
};

const locked: ConformanceCase = {
  name: 'expectedVersion: LOCK_FAILED unless it is the version stored',
  async run(subject) {
    const { store } = subject;
    await store.create(job());
    await store.update(job({ pid: 1 }), { expectedVersion: 1 });
    for (const expectedVersion of [1, 3, Number.MAX_SAFE_INTEGER]) {
      await rejects('LOCK_FAILED', () => store.update(job({ pid: 9 }), { expectedVersion }));
      await rejects('LOCK_FAILED', () => store.update(job({ pid: 9 }), { expectedVersion, upsert: true }));
      await rejects('LOCK_FAILED', () => store.delete(UUID, { expectedVersion }));
    }
    await subject.check(async (found) => {
      const { version, ...rest } = await get(found);
      assert.deepEqual([version, JSON.parse(rest.json).pid], [2, 1]);
    });
    await subject.store.update(job({ pid: 2 }), { expectedVersion: 2 });
    await subject.store.delete(UUID, { expectedVersion: 3 });
  },
};

const indexed: ConformanceCase = {
  name: 'a job that has got another status or node is listed there, and no longer where it was',
  async run(subject) {
    await subject.store.create(job());
    await subject.store.update(job({ status: 'COMPLETED', nodeId: 'node-2' }));
    await subject.check(async (store) => {
      for (const [filter, count] of [
        [{ status: 'RUNNING' }, 0],
        [{ status: 'COMPLETED' }, 1],
        [{ nodeId: 'node-1' }, 0],
        [{ nodeId: 'node-2' }, 1],
      ] as const) {
        assert.equal((await store.list(filter)).jobs.length, count, JSON.stringify(filter));
      }
    });
  },
};

const none: ConformanceCase = {
  name: 'of many updates at a time none is lost',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    await subject.store.create(job());
    const updates = Array.from({ length: 24 }, (_, index) =>
      stores[index % 2].update(job({ [`field${index}`]: index })),
    );
    const versions = (await Promise.all(updates)).map(({ version }) => version);
    assert.deepEqual(
      [...versions].sort((a, b) => a - b),
      updates.map((_, index) => index + 2),
      'the versions that the updates made',
    );
    await subject.check(async (store) => {
      const found = await get(store);
      assert.equal(found.version, 25);
      for (const index of updates.keys())
        assert.equal(field(found, `field${index}`), String(index), `field${index}`);
    });
  },
};

const compareAndSet: ConformanceCase = {
  name: 'of many updates at a time that expect the same version exactly one succeeds',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    await subject.store.create(job());
    for (let version = 1; version <= 8; version++) {
      const updates = Array.from({ length: 8 }, (_, pid) =>
        stores[pid % 2].update(job({ pid }), { expectedVersion: version }),
      );
      const results = await outcomes(updates);
      assert.deepEqual([...results].sort(), [...Array<string>(7).fill('LOCK_FAILED'), 'ok']);
      await sameStored(subject.store, await updates[results.indexOf('ok')]);
    }
  },
};

const seen: ConformanceCase = {
  name: 'what another one on the same data has changed is seen at once',
  async run(subject) {
    const other = await subject.second();
    // Both list after each change, so that each has a list that it could show again.
    const [none, created] = [await listed(other), await subject.store.create(job())];
    assert.deepEqual(none, []);
    await sameStored(other, created);
    await sameStored(subject.store, created);
    const updated = await other.update(job({ status: 'FAILED' }));
    await sameStored(subject.store, updated);
    await sameStored(other, updated);
    assert.deepEqual(await uuids(subject.store, { status: 'RUNNING' }), []);
    await subject.store.delete(UUID);
    await rejects('JOB_NOT_FOUND', () => other.get(UUID));
    await rejects('JOB_NOT_FOUND', () => other.update(job(), { upsert: true }));
    assert.deepEqual(await listed(other), []);
    await other.sync([job({ uuid: 'synced' })], { nodeId: 'node-1', owner: '' });
    for (const store of [subject.store, other]) assert.deepEqual(await uuids(store), ['synced']);
  },
};

export const updating: Theme = {
  name: 'updating',
  cases: [replaces, exact, stamps, absent, locked, indexed, none, compareAndSet, seen],
};
