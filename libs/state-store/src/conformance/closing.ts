import assert from 'node:assert/strict';
import type { StateStore } from '../state-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { get, job, listed, UUID } from './jobs.js';
import { outcomes, rejects } from './rejects.js';

/** Each method but healthCheck, with arguments that are right. */
function calls(store: StateStore): readonly (readonly [string, () => Promise<unknown>])[] {
  return [
    ['create', () => store.create(job({ uuid: 'late' }))],
    ['get', () => store.get(UUID)],
    ['update', () => store.update(job())],
    ['delete', () => store.delete(UUID)],
    ['list', () => store.list()],
    ['sync', () => store.sync([job()], { nodeId: 'node-1', owner: '' })],
  ];
}

const waits: ConformanceCase = {
  name: 'closing waits for the calls under way, and what they acknowledge is stored',
  async run(subject) {
    const { store } = subject;
    let settled = 0;
    const creates = Array.from({ length: 20 }, (_, index) =>
      store.create(job({ uuid: `job-${index}` })).finally(() => settled++),
    );
    const results = outcomes(creates);
    await store.close();
    await Promise.resolve();
    assert.equal(settled, creates.length, 'creates that were settled when the store was closed');
    assert.deepEqual(await results, Array(20).fill('ok'));
    if (subject.supports.durable) assert.equal((await listed(await subject.reopen())).length, 20);
  },
};

const closed: ConformanceCase = {
  name: 'after closing every method rejects with CLOSED, and nothing more is stored',
  async run(subject) {
    const { store } = subject;
    await store.create(job());
    await store.close();
    for (const [name, call] of calls(store)) await rejects('CLOSED', call, name);
    const { ok } = await store.healthCheck();
    assert.equal(ok, false, 'healthCheck().ok of a closed store');
    if (!subject.supports.durable) return;
    const reopened = await subject.reopen();
    assert.deepEqual(
      (await listed(reopened)).map(({ uuid, version }) => [uuid, version]),
      [[UUID, 1]],
    );
  },
};

const twice: ConformanceCase = {
  name: 'closing twice, at a time or one after the other, is fine',
  async run({ store }) {
    await store.create(job());
    await Promise.all([store.close(), store.close()]);
    await store.close();
  },
};

const disposed: ConformanceCase = {
  name: 'Symbol.asyncDispose closes the store',
  async run({ store }) {
    await store.create(job());
    await store[Symbol.asyncDispose]();
    await rejects('CLOSED', () => store.get(UUID));
    await store[Symbol.asyncDispose]();
  },
};

const again: ConformanceCase = {
  name: 'what was stored is there after each reopening, also when nothing was written meanwhile',
  needs: ['durable'],
  async run(subject) {
    const created = { ...(await subject.store.create(job({ pid: 1 }))) };
    for (let round = 0; round < 3; round++)
      assert.deepEqual({ ...(await get(await subject.reopen())) }, created);
  },
};

export const closing: Theme = { name: 'closing', cases: [waits, closed, twice, disposed, again] };
