import assert from 'node:assert/strict';
import type { NewJob } from '../job.js';
import type { ConformanceCase, Theme } from './case.js';
import { get, job, listed, sameStored } from './jobs.js';

/** Changes what it can; what is frozen throws. */
function scribbleOn(value: object): void {
  for (const key of Object.keys(value)) {
    try {
      Reflect.set(value, key, 'changed');
    } catch {
      // A setter that refuses is as good.
    }
  }
}

const answers: ConformanceCase = {
  name: 'what a caller does to an answer changes nothing in the store',
  async run(subject) {
    const { store } = subject;
    scribbleOn(await store.create(job()));
    scribbleOn(await store.update(job({ pid: 1 })));
    const right = { ...(await get(store)) };
    scribbleOn(await store.get('job-1'));
    const { jobs } = await store.list();
    for (const one of jobs) scribbleOn(one);
    scribbleOn(jobs);
    await subject.check(async (found) => {
      await sameStored(found, right);
      assert.equal((await listed(found)).length, 1);
    });
  },
};

const given: ConformanceCase = {
  name: 'what a caller does to a job that it has given changes nothing in the store',
  async run(subject) {
    const { store } = subject;
    const fields = new Map(job().fields);
    const mine: NewJob = { ...job(), fields };
    const created = { ...(await store.create(mine)) };
    fields.set('status', '"CHANGED"').delete('command');
    scribbleOn(mine);
    await sameStored(store, created);
    const list = [job({ pid: 1 })];
    await store.sync(list, { nodeId: 'node-1', owner: '' });
    list.length = 0;
    await subject.check(async (found) => assert.equal((await listed(found)).length, 1));
  },
};

const past: ConformanceCase = {
  name: 'an answer stays what it was when the store changes',
  async run({ store }) {
    await store.create(job());
    await store.create(job({ uuid: 'job-2' }));
    const [first, page] = [await store.get('job-1'), await store.list()];
    const before = JSON.stringify([first, page]);
    await store.update(job({ status: 'FAILED', pid: 7 }));
    await store.delete('job-2');
    await store.create(job({ uuid: 'job-3' }));
    await store.sync([job({ pid: 8 })], { nodeId: 'node-1', owner: '' });
    assert.equal(JSON.stringify([first, page]), before);
  },
};

export const isolation: Theme = { name: 'isolation', cases: [answers, given, past] };
