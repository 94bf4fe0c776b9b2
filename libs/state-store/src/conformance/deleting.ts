import assert from 'node:assert/strict';
import { TOMBSTONE_MS } from '../limits.js';
import type { ConformanceCase, Theme } from './case.js';
import { EXACT, exactJob, field, get, job, listed, UUID, uuids } from './jobs.js';
import { outcomes, rejects } from './rejects.js';

const UPSERT = { upsert: true } as const;

const gone: ConformanceCase = {
  name: 'a deleted job is not found and not listed, the others are',
  async run(subject) {
    await subject.store.create(job({ owner: 'rnx' }));
    await subject.store.create(job({ uuid: 'other' }));
    await subject.store.delete(UUID);
    await subject.check(async (store) => {
      await rejects('JOB_NOT_FOUND', () => store.get(UUID), 'get');
      await rejects('JOB_NOT_FOUND', () => store.delete(UUID), 'delete');
      await rejects('JOB_NOT_FOUND', () => store.delete(UUID, { expectedVersion: 1 }), 'delete');
      await rejects('JOB_NOT_FOUND', () => store.update(job()), 'update');
      for (const filter of [
        {},
        { status: 'RUNNING' },
        { nodeId: 'node-1' },
        { sortBy: 'updatedAt' },
        { sortBy: 'status', sortDesc: true },
        { status: 'RUNNING', nodeId: 'node-1', limit: 5 },
      ] as const) {
        assert.deepEqual(await uuids(store, filter), ['other'], JSON.stringify(filter));
      }
      assert.deepEqual(await listed(store, { owner: 'rnx' }), []);
      assert.deepEqual(await listed(store, { prefix: UUID }), []);
    });
  },
};

const never: ConformanceCase = {
  name: 'a job that was never there: JOB_NOT_FOUND, and no tombstone',
  async run({ store }) {
    await rejects('JOB_NOT_FOUND', () => store.delete(UUID));
    await rejects('JOB_NOT_FOUND', () => store.get(UUID));
    assert.equal((await store.update(job(), UPSERT)).version, 1);
  },
};

const buried: ConformanceCase = {
  name: 'for 60 s no update creates the job again, then one does',
  async run(subject) {
    await subject.store.create(job());
    await subject.store.delete(UUID);
    await subject.check(async (store) => {
      await rejects('JOB_NOT_FOUND', () => store.update(job(), UPSERT));
      for (const expectedVersion of [1, 2, 9]) {
        const what = `an update of a deleted job that expects version ${expectedVersion}`;
        await rejects('JOB_NOT_FOUND', () => store.update(job(), { expectedVersion }), what);
        await rejects('JOB_NOT_FOUND', () => store.update(job(), { ...UPSERT, expectedVersion }), what);
      }
    });
    subject.clock.advance(TOMBSTONE_MS - 1);
    await subject.check((store) => rejects('JOB_NOT_FOUND', () => store.update(job(), UPSERT)));
    // The refused updates have not made it last longer.
    subject.clock.advance(1);
    assert.equal(field(await subject.store.update(job({ pid: 9 }), UPSERT), 'pid'), '9');
    assert.equal(field(await subject.store.create(job({ pid: 1 })), 'pid'), '9');
  },
};

const again: ConformanceCase = {
  name: 'a create makes the job anew at once: nothing of the old one is left but that the version goes on',
  async run(subject) {
    await subject.store.create(job({ old: 1, owner: 'rnx' }));
    await subject.store.update(job({ pid: 1 }));
    await subject.store.delete(UUID);
    const created = await subject.store.create(exactJob({ status: 'PENDING' }));
    assert.ok(
      created.version > 2,
      `version ${created.version} of the new job; expected more than 2, the old one's`,
    );
    assert.deepEqual(
      [created.owner, field(created, 'old'), field(created, 'pid')],
      ['', undefined, undefined],
    );
    await rejects('JOB_EXISTS', () => subject.store.create(job()));
    await rejects('LOCK_FAILED', () => subject.store.update(job(), { expectedVersion: 2 }));
    await subject.check(async (store) => {
      const found = await get(store);
      assert.deepEqual([found.status, field(found, 'exact')], ['PENDING', EXACT]);
      assert.deepEqual(await uuids(store, { status: 'RUNNING' }), []);
      assert.deepEqual(await uuids(store, { status: 'PENDING' }), [UUID]);
    });
    assert.equal((await subject.store.update(job(), UPSERT)).version, created.version + 1);
  },
};

const goesOn: ConformanceCase = {
  name: 'the version of a deleted job goes on after reopening too',
  needs: ['durable'],
  async run(subject) {
    const names = ['created', 'synced', 'buried'];
    for (const uuid of names) {
      await subject.store.create(job({ uuid }));
      await subject.store.update(job({ uuid, pid: 1 }));
      await subject.store.delete(uuid);
    }
    const store = await subject.reopen();
    await store.create(job({ uuid: 'created' }));
    await store.sync([job({ uuid: 'synced', nodeId: 'node-2' })], { nodeId: 'node-2', owner: '' });
    const again = await subject.reopen();
    await again.create(job({ uuid: 'buried' }));
    for (const uuid of names) {
      const { version } = await get(again, uuid);
      assert.ok(version > 2, `${uuid} has version ${version}; expected more than 2, the deleted job's`);
    }
  },
};

const marked: ConformanceCase = {
  name: 'a job that an update created can be deleted; its create then makes a new one',
  async run({ store }) {
    await store.update(job({ pid: 1 }), UPSERT);
    await store.delete(UUID);
    await rejects('JOB_NOT_FOUND', () => store.update(job(), UPSERT));
    assert.equal(field(await store.create(job({ pid: 2 })), 'pid'), '2');
    await rejects('JOB_EXISTS', () => store.create(job()));
  },
};

const race: ConformanceCase = {
  name: 'of many deletes at a time exactly one succeeds',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    for (let round = 0; round < 5; round++) {
      const uuid = `job-${round}`;
      await subject.store.create(job({ uuid }));
      const results = await outcomes(Array.from({ length: 6 }, (_, index) => stores[index % 2].delete(uuid)));
      assert.deepEqual([...results].sort(), [...Array<string>(5).fill('JOB_NOT_FOUND'), 'ok']);
    }
  },
};

const compareAndDelete: ConformanceCase = {
  name: 'of deletes and updates at a time that expect the same version exactly one succeeds',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    const expected = { expectedVersion: 1 } as const;
    for (let round = 0; round < 8; round++) {
      const uuid = `job-${round}`;
      await subject.store.create(job({ uuid }));
      // In every other round deletes alone.
      const isUpdate = (index: number) => round % 2 === 1 && index % 3 === 1;
      const calls = Array.from({ length: 6 }, (_, index) =>
        isUpdate(index)
          ? stores[index % 2].update(job({ uuid, pid: index }), expected)
          : stores[index % 2].delete(uuid, expected),
      );
      const results = await outcomes(calls);
      const winner = results.indexOf('ok');
      const refused = isUpdate(winner) ? 'LOCK_FAILED' : 'JOB_NOT_FOUND';
      assert.deepEqual([...results].sort(), [...Array<string>(5).fill(refused), 'ok']);
      const left = isUpdate(winner) ? [uuid] : [];
      assert.deepEqual(await uuids(subject.store, { prefix: uuid }), left);
    }
  },
};

const raceWithUpdate: ConformanceCase = {
  name: 'a delete among updates at a time: the job is gone, whichever came last',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    for (let round = 0; round < 10; round++) {
      const uuid = `job-${round}`;
      await subject.store.create(job({ uuid }));
      const calls = Array.from({ length: 7 }, (_, pid) =>
        pid === round % 7 ? stores[0].delete(uuid) : stores[pid % 2].update(job({ uuid, pid }), UPSERT),
      );
      const results = await outcomes(calls);
      assert.equal(results[round % 7], 'ok', 'the delete');
      await rejects('JOB_NOT_FOUND', () => subject.store.get(uuid));
    }
    assert.deepEqual(await uuids(subject.store), []);
  },
};

export const deleting: Theme = {
  name: 'deleting',
  cases: [gone, never, buried, again, goesOn, marked, race, compareAndDelete, raceWithUpdate],
};
