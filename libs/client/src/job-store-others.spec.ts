import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fieldsOf, newJob, type StateRequest } from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';
import type { JobStoreAdapter } from './job-store.js';
import type { FakeState } from './testing/fake-state.js';
import { content, JobStoreFixture } from './testing/job-store-fixture.js';

let fixture: JobStoreFixture;
let state: FakeState;

beforeEach(async () => {
  fixture = new JobStoreFixture();
  ({ state } = fixture);
  await state.start();
});
afterEach(() => fixture[Symbol.asyncDispose]());

const changesOf = (requests: readonly StateRequest[]): string[] =>
  requests.map(({ op }) => op).filter((op) => op !== 'ping' && op !== 'get');

/** Breaks the connection, and waits until there is another one, over which all is stored. */
async function reconnected(jobs: JobStoreAdapter, meanwhile = async (): Promise<void> => undefined) {
  const before = fixture.eventsOf('connected').length;
  await state.stop();
  await meanwhile();
  await state.start();
  await fixture.until(() => fixture.eventsOf('connected').length > before && jobs.unstored === 0);
}

describe('a job of another owner', () => {
  const daemons = newJob({ uuid: 'a', nodeId: 'node-9', status: 'RUNNING', future: 1 });

  it('stays as it is, whatever is done to the one of the cache', async () => {
    const before = await state.store.create(daemons);
    const jobs = fixture.open({ owner: 'rnx' });
    const steps = [
      () => jobs.create(newJob({ uuid: 'a' })),
      () => jobs.update(newJob({ uuid: 'a', status: 'COMPLETED' })),
      () => jobs.delete('a'),
    ];
    for (const step of steps) {
      step();
      await fixture.until(() => jobs.unstored === 0);
    }
    expect((await state.store.get('a')).json).toBe(before.json);
    const error = expect.objectContaining({
      code: 'JOB_EXISTS',
      message: 'job a exists already, and its owner is a daemon, not "rnx"',
    });
    expect(fixture.eventsOf('dropped')).toEqual(
      steps.map(() => ({ type: 'dropped', uuid: 'a', reason: 'refused', error })),
    );
    expect(jobs.dropped).toBe(3);
  });

  it('that an update had made counts too, whose create answers as if it were ours', async () => {
    await state.store.update(daemons, { upsert: true });
    const jobs = fixture.open({ owner: 'rnx' });
    jobs.create(newJob({ uuid: 'a' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(await state.store.get('a')).toMatchObject({ owner: '', status: 'RUNNING', nodeId: 'node-9' });
    expect(jobs.dropped).toBe(1);
  });

  it('that took the place of ours is not written over', async () => {
    const jobs = fixture.open({ owner: 'rnx' });
    jobs.create(newJob({ uuid: 'a' }));
    await fixture.until(() => jobs.unstored === 0);
    await state.store.delete('a');
    await state.store.create(daemons);
    jobs.update(newJob({ uuid: 'a', status: 'COMPLETED' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(await state.store.get('a')).toMatchObject({ owner: '', status: 'RUNNING' });
    expect(fixture.eventsOf('dropped')).toMatchObject([{ error: { code: 'JOB_EXISTS' } }]);
  });
});

describe('a job of the same owner', () => {
  it('that was there before is used again', async () => {
    await state.store.create(newJob({ uuid: 'a', nodeId: 'node-1', owner: 'rnx', status: 'FAILED', pid: 1 }));
    const jobs = fixture.open({ owner: 'rnx' });
    jobs.create(newJob({ uuid: 'a', status: 'RUNNING' }));
    await fixture.until(() => jobs.unstored === 0);
    expect((await fixture.stored()).map(content)).toEqual([content(jobs.get('a'))]);
    expect(jobs.dropped).toBe(0);
  });

  it('that somebody else has changed has the cache’s state in the end, and their fields', async () => {
    const jobs = fixture.open();
    jobs.create(newJob({ uuid: 'a', status: 'PENDING' }));
    await fixture.until(() => jobs.unstored === 0);
    await state.store.update(newJob({ uuid: 'a', status: 'STOPPED', note: 'by hand' }));
    jobs.update(newJob({ uuid: 'a', status: 'RUNNING' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(content(await state.store.get('a'))).toMatchObject({ status: '"RUNNING"', note: '"by hand"' });
    await state.store.update(newJob({ uuid: 'a', status: 'STOPPED' }));
    jobs.delete('a');
    await fixture.until(() => jobs.unstored === 0);
    expect(await fixture.stored()).toEqual([]);
  });

  it('whose owner was changed on this side is still ours', async () => {
    const jobs = fixture.open({ owner: 'rnx' });
    jobs.create(newJob({ uuid: 'a' }));
    await fixture.until(() => jobs.unstored === 0);
    state.fate = ({ op }) => (op === 'update' ? 'lost' : 'answered');
    jobs.update(newJob({ uuid: 'a', owner: '' }));
    await fixture.until(() => fixture.eventsOf('disconnected').length === 1);
    state.fate = () => 'answered';
    await fixture.until(() => jobs.unstored === 0);
    expect(await state.store.get('a')).toMatchObject({ owner: '' });
    expect(jobs.dropped).toBe(0);
  });
});

describe('a job that somebody else has deleted', () => {
  it.each([
    ['within the tombstone', 0],
    ['behind it', 3_600_000],
  ])('stays deleted, %s', async (_, laterMs) => {
    let now = Date.now();
    state.store = createMemoryStore({ now: () => now });
    const jobs = fixture.open();
    jobs.create(newJob({ uuid: 'a', status: 'RUNNING' }));
    await fixture.until(() => jobs.unstored === 0);
    await state.store.delete('a');
    now += laterMs;
    jobs.update(newJob({ uuid: 'a', status: 'COMPLETED' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(await fixture.stored()).toEqual([]);
    expect(jobs.get('a')).toBeUndefined();
    const error = expect.objectContaining({ code: 'JOB_NOT_FOUND' });
    expect(fixture.eventsOf('dropped')).toEqual([{ type: 'dropped', uuid: 'a', reason: 'refused', error }]);
    // It does not come back with another connection, and may be made anew.
    await reconnected(jobs);
    expect(await fixture.stored()).toEqual([]);
    jobs.create(newJob({ uuid: 'a', status: 'PENDING' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(await state.store.get('a')).toMatchObject({ status: 'PENDING' });
  });

  it('and that was made anew on this side meanwhile is there', async () => {
    const jobs = fixture.open();
    jobs.create(newJob({ uuid: 'a', status: 'RUNNING' }));
    await fixture.until(() => jobs.unstored === 0);
    await state.store.delete('a');
    state.fate = ({ op }) => {
      if (op === 'update') {
        jobs.delete('a');
        jobs.create(newJob({ uuid: 'a', status: 'PENDING' }));
      }
      return 'answered';
    };
    jobs.update(newJob({ uuid: 'a', status: 'COMPLETED' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(await state.store.get('a')).toMatchObject({ status: 'PENDING' });
    expect(jobs.get('a')).toMatchObject({ status: 'PENDING' });
  });

  it('sync: stays deleted until the next connection, which makes the set that of the cache', async () => {
    const jobs = fixture.open({ onReconnect: 'sync' });
    await fixture.until(() => jobs.isConnected);
    jobs.create(newJob({ uuid: 'a' }));
    jobs.create(newJob({ uuid: 'b' }));
    await fixture.until(() => jobs.unstored === 0);
    await reconnected(jobs);
    await state.store.delete('a');
    await state.store.delete('b');
    jobs.update(newJob({ uuid: 'a', status: 'RUNNING' }));
    await fixture.until(() => jobs.unstored === 0);
    expect(jobs.list().jobs.map(({ uuid }) => uuid)).toEqual(['b']);
    await reconnected(jobs);
    expect((await fixture.stored()).map(({ uuid }) => uuid)).toEqual(['b']);
  });
});

describe('replay', () => {
  it('changes nothing of what the service has', async () => {
    const jobs = fixture.open({ owner: 'rnx' });
    for (let index = 0; index < 200; index++) jobs.create(newJob({ uuid: `job-${index}`, big: 2 ** 53 }));
    await fixture.until(() => jobs.unstored === 0);
    const before = (await fixture.stored()).map(({ json }) => json);
    state.requests.length = 0;
    await reconnected(jobs);
    await reconnected(jobs);
    expect(changesOf(state.requests)).toEqual([]);
    expect((await fixture.stored()).map(({ json }) => json)).toEqual(before);
  });

  it('nor of what the service has made of it, such as left secrets out', async () => {
    const jobs = fixture.open();
    const { create } = state.store;
    state.store.create = async (job) => {
      const fields = new Map(job.fields);
      fields.delete('secretEnvironment');
      return create.call(state.store, { ...job, fields });
    };
    jobs.create(newJob({ uuid: 'a', secretEnvironment: { TOKEN: 'x' } }));
    await fixture.until(() => jobs.unstored === 0);
    state.requests.length = 0;
    await reconnected(jobs);
    expect(changesOf(state.requests)).toEqual([]);
  });

  it('whatever a service lost, or others changed meanwhile: what the cache has is stored, with the fewest changes', async () => {
    const fates = fc.array(fc.constantFrom('kept', 'lost', 'changed', 'later'), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fates, async (jobsFates) => {
        state.store = createMemoryStore();
        const jobs = fixture.open();
        const uuids = jobsFates.map((fate, index) => `${fate}-${index}`);
        for (const uuid of uuids) jobs.create(newJob({ uuid, status: 'RUNNING' }));
        await fixture.until(() => jobs.unstored === 0 && jobs.isConnected);
        state.requests.length = 0;
        await reconnected(jobs, async () => {
          for (const uuid of uuids) {
            if (uuid.startsWith('lost')) await state.store.delete(uuid);
            if (uuid.startsWith('changed')) await state.store.update(newJob({ uuid, status: 'STOPPED' }));
            if (uuid.startsWith('later')) jobs.update(newJob({ uuid, status: 'COMPLETED' }));
          }
        });
        expect(new Map((await fixture.stored()).map((job) => [job.uuid, content(job)]))).toEqual(
          new Map(jobs.list().jobs.map((job) => [job.uuid, content(job)])),
        );
        const changed = state.requests.flatMap((one) => ('job' in one ? [`${one.op} ${one.job.uuid}`] : []));
        const expected = uuids
          .filter((uuid) => !uuid.startsWith('kept'))
          .map((uuid) => `${uuid.startsWith('lost') ? 'create' : 'update'} ${uuid}`);
        expect(changed.sort()).toEqual(expected.sort());
        expect(jobs.dropped).toBe(0);
        await jobs.close();
      }),
      { numRuns: 20, seed: 4 },
    );
  });

  it('a service that was started again with an empty memory has all jobs again, those that have ended too', async () => {
    const jobs = fixture.open();
    jobs.create(newJob({ uuid: 'a', status: 'COMPLETED' }));
    jobs.create(newJob({ uuid: 'b', status: 'RUNNING' }));
    await fixture.until(() => jobs.unstored === 0);
    await reconnected(jobs, async () => {
      state.store = createMemoryStore();
      jobs.update(newJob({ uuid: 'b', status: 'STOPPED' }));
    });
    const stored = new Map((await fixture.stored()).map((job) => [job.uuid, fieldsOf(job).get('status')]));
    expect(stored).toEqual(
      new Map([
        ['a', '"COMPLETED"'],
        ['b', '"STOPPED"'],
      ]),
    );
  });
});
