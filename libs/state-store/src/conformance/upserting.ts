import assert from 'node:assert/strict';
import type { ConformanceCase, Theme } from './case.js';
import { EXACT, exactJob, field, get, job, sameStored, time, UUID } from './jobs.js';
import { outcomes, rejects } from './rejects.js';

const UPSERT = { upsert: true } as const;

const marks: ConformanceCase = {
  name: 'an update before the create makes the job; the first create answers with it, the next one with JOB_EXISTS',
  async run(subject) {
    const upserted = await subject.store.update(exactJob({ status: 'COMPLETED' }), UPSERT);
    assert.equal(upserted.version, 1);
    await subject.check((store) => sameStored(store, upserted));
    const created = await subject.store.create(job({ status: 'PENDING', late: 1 }));
    assert.deepEqual(
      [created.status, field(created, 'exact'), field(created, 'late')],
      ['COMPLETED', EXACT, undefined],
    );
    await rejects('JOB_EXISTS', () => subject.store.create(job()));
    await subject.check(async (store) => {
      await sameStored(store, created);
      await rejects('JOB_EXISTS', () => store.create(job()));
    });
  },
};

const durable: ConformanceCase = {
  name: 'the mark is there after reopening, and stays over further updates',
  needs: ['durable'],
  async run(subject) {
    await subject.store.update(job(), UPSERT);
    const store = await subject.reopen();
    await store.update(job({ pid: 2 }));
    await store.update(job({ pid: 3 }), UPSERT);
    const again = await subject.reopen();
    assert.equal(field(await again.create(job({ pid: 1 })), 'pid'), '3');
    await rejects('JOB_EXISTS', () => again.create(job()));
  },
};

const stays: ConformanceCase = {
  name: 'further updates keep the mark; a job that was created has none',
  async run({ store }) {
    await store.update(job(), UPSERT);
    await store.update(job({ pid: 2 }), UPSERT);
    await store.update(job({ pid: 3 }));
    assert.equal(field(await store.create(job()), 'pid'), '3');
    await store.update(job({ pid: 4 }), UPSERT);
    await rejects('JOB_EXISTS', () => store.create(job()));
    await store.create(job({ uuid: 'other' }));
    await store.update(job({ uuid: 'other' }), UPSERT);
    await rejects('JOB_EXISTS', () => store.create(job({ uuid: 'other' })));
  },
};

const fresh: ConformanceCase = {
  name: 'the job that an update creates has the times of a new one, the owner asked for, and no nulls',
  async run(subject) {
    const start = time(7);
    await subject.store.update(exactJob({ startTime: start, pid: null, more: null }), {
      ...UPSERT,
      owner: 'rnx',
    });
    await subject.check(async (store) => {
      const found = await get(store);
      assert.deepEqual([found.version, found.owner, field(found, 'createdAt')], [1, 'rnx', `"${start}"`]);
      assert.deepEqual(
        [field(found, 'pid'), field(found, 'more'), field(found, 'exact')],
        [undefined, undefined, EXACT],
      );
    });
  },
};

const expecting: ConformanceCase = {
  name: 'an update that expects a version creates nothing',
  async run({ store }) {
    await rejects('JOB_NOT_FOUND', () => store.update(job(), { ...UPSERT, expectedVersion: 1 }));
    await rejects('JOB_NOT_FOUND', () => store.get(UUID));
  },
};

const eitherOrder: ConformanceCase = {
  name: 'a create and an update at a time both succeed, and the job is as updated',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    for (let round = 0; round < 30; round++) {
      const uuid = `job-${round}`;
      const calls = [
        () => stores[0].create(job({ uuid, status: 'PENDING' })),
        () => stores[1].update(job({ uuid, status: 'COMPLETED' }), UPSERT),
      ];
      if (round % 2 === 1) calls.reverse();
      assert.deepEqual(await outcomes(calls.map((call) => call())), ['ok', 'ok'], uuid);
      const found = await get(stores[0], uuid);
      assert.deepEqual([found.status, found.version], ['COMPLETED', 2], uuid);
      await rejects('JOB_EXISTS', () => stores[1].create(job({ uuid })));
    }
  },
};

const oneCreate: ConformanceCase = {
  name: 'of many creates at a time of a job that an update made exactly one succeeds',
  async run(subject) {
    const stores = [subject.store, await subject.second()];
    for (let round = 0; round < 5; round++) {
      const uuid = `job-${round}`;
      await subject.store.update(job({ uuid }), UPSERT);
      const results = await outcomes(
        Array.from({ length: 8 }, (_, pid) => stores[pid % 2].create(job({ uuid, pid }))),
      );
      assert.deepEqual([...results].sort(), [...Array<string>(7).fill('JOB_EXISTS'), 'ok']);
    }
  },
};

export const upserting: Theme = {
  name: 'updates that come before their create',
  cases: [marks, durable, stays, fresh, expecting, eitherOrder, oneCreate],
};
