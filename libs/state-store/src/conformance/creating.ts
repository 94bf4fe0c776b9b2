import assert from 'node:assert/strict';
import type { ConformanceCase, Theme } from './case.js';
import { EXACT, exactJob, field, get, job, sameStored, time, UUID } from './jobs.js';
import { outcomes, rejects } from './rejects.js';

const first: ConformanceCase = {
  name: 'a new job has version 1 and the owner that it says',
  async run(subject) {
    const created = await subject.store.create(job({ owner: 'rnx' }));
    assert.deepEqual([created.uuid, created.version, created.owner], [UUID, 1, 'rnx']);
    const other = await subject.store.create(job({ uuid: 'other' }));
    assert.deepEqual([other.version, other.owner, field(other, 'owner')], [1, '', undefined]);
    await subject.check((store) => sameStored(store, created));
  },
};

const twice: ConformanceCase = {
  name: 'a job that is there already: JOB_EXISTS, and it stays as it is',
  async run(subject) {
    const created = await subject.store.create(job({ command: 'first' }));
    await rejects('JOB_EXISTS', () => subject.store.create(job({ command: 'second', more: 1 })));
    await subject.store.update(job({ command: 'third' }));
    await rejects('JOB_EXISTS', () => subject.store.create(job({ command: 'fourth' })));
    await subject.check(async (store) => {
      const found = await get(store);
      assert.deepEqual([field(found, 'command'), found.version], ['"third"', created.version + 1]);
      await rejects('JOB_EXISTS', () => store.create(job()));
    });
  },
};

const times: ConformanceCase = {
  name: "createdAt is the job's own, else its start, else now; updatedAt is its own, else now",
  async run(subject) {
    const { store, clock } = subject;
    clock.advance(5_000);
    const now = `${new Date(clock.now()).toISOString().slice(0, -1)}000000Z`;
    const zero = '0001-01-01T00:00:00Z';
    const start = '2025-11-20T01:00:00.000000001+01:00';
    const started = '2025-11-20T00:00:00.000000001Z';
    const own = '2020-01-01T00:00:00Z';
    const owned = '2020-01-01T00:00:00.000000000Z';
    await store.create(job({ uuid: 'now' }));
    await store.create(job({ uuid: 'zero', startTime: zero, createdAt: zero, updatedAt: zero }));
    await store.create(job({ uuid: 'start', startTime: start }));
    await store.create(job({ uuid: 'own', startTime: start, createdAt: own, updatedAt: own }));
    clock.advance(5_000);
    await subject.check(async (found) => {
      const timesOf = async (uuid: string) => {
        const { createdAt, updatedAt, startTime } = await get(found, uuid);
        return [createdAt, updatedAt, startTime];
      };
      assert.deepEqual(await timesOf('now'), [now, now, '']);
      assert.deepEqual(await timesOf('zero'), [now, now, '']);
      assert.deepEqual(await timesOf('start'), [started, now, started]);
      assert.deepEqual(await timesOf('own'), [owned, owned, started]);
      assert.equal(
        field(await get(found, 'start'), 'createdAt'),
        `"${start}"`,
        'createdAt as it was written',
      );
    });
  },
};

const restored: ConformanceCase = {
  name: 'restore keeps the version and the times that the job says',
  restores: true,
  async run(subject) {
    const moved = exactJob({ version: 41, createdAt: time(1), updatedAt: time(2) });
    const created = await subject.store.create(moved, { restore: true });
    assert.deepEqual([created.version, field(created, 'updatedAt')], [41, `"${time(2)}"`]);
    assert.equal(field(created, 'exact'), EXACT);
    await rejects('JOB_EXISTS', () => subject.store.create(moved, { restore: true }));
    await subject.check((store) => sameStored(store, created));
    assert.equal((await subject.store.update(job(), { expectedVersion: 41 })).version, 42);
    assert.equal(
      (await subject.store.create(job({ uuid: 'new', version: 41 }))).version,
      1,
      'without restore',
    );
  },
};

const largeVersions: ConformanceCase = {
  name: 'a restored version may be any up to 2^53, and grows from there',
  restores: true,
  async run(subject) {
    const versions = [2 ** 31 - 1, 2 ** 32, 2 ** 53 - 3];
    for (const version of versions) {
      const uuid = `job-${version}`;
      const created = await subject.store.create(job({ uuid, version }), { restore: true });
      assert.equal(created.version, version, 'the version that create answers');
      const updated = await subject.store.update(job({ uuid, pid: 1 }), { expectedVersion: version });
      assert.equal(updated.version, version + 1, 'the version that update answers');
    }
    await subject.check(async (store) => {
      for (const version of versions) assert.equal((await get(store, `job-${version}`)).version, version + 1);
    });
    for (const version of versions)
      await subject.store.delete(`job-${version}`, { expectedVersion: version + 1 });
  },
};

const race: ConformanceCase = {
  name: 'of many creates of a job at a time exactly one succeeds',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    for (let round = 0; round < 10; round++) {
      const uuid = `race-${round}`;
      const creates = Array.from({ length: 8 }, (_, index) =>
        stores[index % 2].create(job({ uuid, pid: index })),
      );
      const results = await outcomes(creates);
      assert.deepEqual([...results].sort(), [...Array<string>(7).fill('JOB_EXISTS'), 'ok']);
      const winner = await creates[results.indexOf('ok')];
      await sameStored(stores[0], winner);
    }
  },
};

export const creating: Theme = {
  name: 'creating',
  cases: [first, twice, times, restored, largeVersions, race],
};
