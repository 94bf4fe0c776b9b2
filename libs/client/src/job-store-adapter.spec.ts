import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newJob, StateStoreError, type Job } from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';
import type { JobStoreAdapter, JobStoreAdapterOptions, JobStoreEvent } from './job-store.js';
import type { FakeState } from './testing/fake-state.js';
import { content, JobStoreFixture } from './testing/job-store-fixture.js';

let fixture: JobStoreFixture;
let state: FakeState;
let events: readonly JobStoreEvent[];

beforeEach(() => {
  fixture = new JobStoreFixture();
  ({ state, events } = fixture);
});
afterEach(() => fixture[Symbol.asyncDispose]());

const open = (options?: Partial<JobStoreAdapterOptions>): JobStoreAdapter => fixture.open(options);
const until = (condition: () => boolean): Promise<void> => fixture.until(condition);
const stored = (): Promise<readonly Job[]> => fixture.stored();
const eventTypes = (): string[] => events.map(({ type }) => type);

describe('before the service', () => {
  it('works at once without it; what was changed meanwhile is stored when it comes', async () => {
    const jobs = open();
    jobs.create(newJob({ uuid: 'a', status: 'PENDING' }));
    jobs.update(newJob({ uuid: 'a', status: 'RUNNING' }));
    jobs.create(newJob({ uuid: 'b' }));
    jobs.delete('b');
    jobs.create(newJob({ uuid: 'c', status: 'PENDING', future: 1 }));
    expect(jobs.get('a')).toMatchObject({ status: 'RUNNING', nodeId: 'node-1' });
    expect(jobs.get('b')).toBeUndefined();
    expect(jobs.list({ status: 'PENDING' }).jobs.map(({ uuid }) => uuid)).toEqual(['c']);
    expect(jobs).toMatchObject({ unstored: 3, isConnected: false });
    await until(() => eventTypes().includes('disconnected'));
    await state.start();
    await until(() => jobs.unstored === 0);
    expect((await stored()).map(content)).toEqual(jobs.list().jobs.map(content));
    expect(eventTypes()).toEqual(['disconnected', 'connected', 'stored']);
  });

  it('refuses what the cache knows to be wrong', () => {
    const jobs = open();
    jobs.create(newJob({ uuid: 'a' }));
    expect(() => jobs.create(newJob({ uuid: 'a' }))).toThrow(expect.objectContaining({ code: 'JOB_EXISTS' }));
    expect(() => jobs.update(newJob({ uuid: 'b' }))).toThrow(
      expect.objectContaining({ code: 'JOB_NOT_FOUND' }),
    );
    expect(() => jobs.delete('b')).toThrow(expect.objectContaining({ code: 'JOB_NOT_FOUND' }));
  });

  it('unknown fields stay, and go when they are set to null', async () => {
    await state.start();
    const jobs = open();
    jobs.create(newJob({ uuid: 'a', one: 1, two: 2 }));
    await until(() => jobs.unstored === 0);
    jobs.update(newJob({ uuid: 'a', one: null }));
    await until(() => jobs.unstored === 0);
    expect((await stored()).map(content)).toEqual([{ uuid: '"a"', nodeId: '"node-1"', two: '2' }]);
  });

  it('what one job did is stored in its order, however the connection breaks; with any history', async () => {
    await state.start();
    const change = fc.record({
      uuid: fc.constantFrom('a', 'b', 'c'),
      op: fc.constantFrom('create', 'update', 'delete'),
      value: fc.integer(),
      fate: fc.constantFrom('answered', 'answered', 'lost', 'cut', 'wait'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 30 }), async (history) => {
        state.store = createMemoryStore();
        const jobs = open();
        for (const { uuid, op, value, fate } of history) {
          state.fate = () => (fate === 'lost' ? 'lost' : 'answered');
          try {
            if (op === 'delete') jobs.delete(uuid);
            else
              jobs[op as 'create' | 'update'](
                newJob({ uuid, status: `s${value}`, [`x${value % 3}`]: value }),
              );
          } catch (error) {
            expect(error).toBeInstanceOf(StateStoreError);
          }
          if (fate === 'cut') state.cut();
          if (fate !== 'answered') await new Promise((resolve) => setImmediate(resolve));
        }
        state.fate = () => 'answered';
        await until(() => jobs.unstored === 0);
        expect((await stored()).map(content)).toEqual(jobs.list().jobs.map(content));
        expect(jobs.dropped).toBe(0);
        await jobs.close();
      }),
      { numRuns: 60 },
    );
  });
});

describe('a new connection', () => {
  it('replay: what a service in memory has forgotten is there again, and nobody else’s is touched', async () => {
    await state.start();
    const jobs = open({ owner: 'rnx' });
    jobs.create(newJob({ uuid: 'mine' }));
    await until(() => jobs.unstored === 0);
    await state.stop();
    state.store = createMemoryStore();
    await state.store.create(newJob({ uuid: 'other', nodeId: 'node-1', owner: 'rnx' }));
    await state.start();
    await until(
      () => eventTypes().filter((type) => type === 'connected').length === 2 && jobs.unstored === 0,
    );
    expect((await stored()).map(({ uuid, owner }) => [uuid, owner])).toEqual(
      expect.arrayContaining([
        ['mine', 'rnx'],
        ['other', 'rnx'],
      ]),
    );
  });

  it('sync: the first one loads what was there before, each makes the set that of the cache', async () => {
    await state.store.create(newJob({ uuid: 'before', nodeId: 'node-1' }));
    await state.store.create(newJob({ uuid: 'elsewhere', nodeId: 'node-2' }));
    await state.store.create(newJob({ uuid: 'of-rnx', nodeId: 'node-1', owner: 'rnx' }));
    const jobs = open({ onReconnect: 'sync' });
    jobs.create(newJob({ uuid: 'early' }));
    await state.start();
    await until(() => jobs.isConnected);
    expect(
      jobs
        .list()
        .jobs.map(({ uuid }) => uuid)
        .sort(),
    ).toEqual(['before', 'early']);
    const types = eventTypes().filter((type) => type !== 'disconnected');
    expect(types).toEqual(['loaded', 'synced', 'connected', 'stored']);
    state.cut();
    jobs.delete('before');
    await state.store.create(newJob({ uuid: 'stray', nodeId: 'node-1' }));
    await until(() => eventTypes().filter((type) => type === 'synced').length === 2 && jobs.unstored === 0);
    const uuids = (await stored()).map(({ uuid }) => uuid);
    expect(uuids.sort()).toEqual(['early', 'elsewhere', 'of-rnx']);
  });

  it('sync: a set that is too large is sent one by one, and that is told', async () => {
    const jobs = open({ onReconnect: 'sync' });
    for (let index = 0; index < 100; index++) jobs.create(newJob({ uuid: `job-${index}` }));
    state.fate = ({ op }) => (op === 'sync' ? new StateStoreError('TOO_LARGE', 'too large') : 'answered');
    await state.start();
    await until(() => jobs.isConnected && jobs.unstored === 0);
    expect(await stored()).toHaveLength(100);
    expect(eventTypes()).toContain('sync-refused');
  });
});

describe('trouble', () => {
  it('what the service refuses is told, and holds nothing else back', async () => {
    await state.start();
    state.fate = (request) =>
      request.op === 'create' && request.job.uuid === 'large'
        ? new StateStoreError('TOO_LARGE', 'job large has 500 KB')
        : 'answered';
    const jobs = open();
    jobs.create(newJob({ uuid: 'large' }));
    jobs.create(newJob({ uuid: 'small' }));
    await until(() => jobs.unstored === 0);
    expect((await stored()).map(({ uuid }) => uuid)).toEqual(['small']);
    expect(jobs.dropped).toBe(1);
    expect(events.at(-2)).toMatchObject({ type: 'dropped', uuid: 'large', reason: 'refused' });
    expect(events.at(-1)).toEqual({ type: 'stored' });
  });

  it('is bounded: what is beyond is told, and the job’s next change is another chance', async () => {
    const jobs = open({ unstoredJobsMax: 2 });
    for (const uuid of ['a', 'b', 'c']) jobs.create(newJob({ uuid, status: 'PENDING' }));
    jobs.update(newJob({ uuid: 'a', status: 'RUNNING' }));
    expect(jobs).toMatchObject({ unstored: 2, dropped: 1 });
    expect(events).toEqual([{ type: 'dropped', uuid: 'c', reason: 'queue-full' }]);
    await state.start();
    await until(() => jobs.unstored === 0);
    jobs.update(newJob({ uuid: 'c', status: 'RUNNING' }));
    await until(() => jobs.unstored === 0);
    expect((await stored()).map(({ uuid, status }) => [uuid, status]).sort()).toEqual([
      ['a', 'RUNNING'],
      ['b', 'PENDING'],
      ['c', 'RUNNING'],
    ]);
  });
});

describe('close', () => {
  it('waits for what is not stored yet', async () => {
    await state.start();
    const jobs = open();
    for (let index = 0; index < 500; index++) jobs.create(newJob({ uuid: `job-${index}` }));
    expect(await jobs.close()).toEqual({ unstored: 0 });
    expect(await stored()).toHaveLength(500);
    expect(() => jobs.create(newJob({ uuid: 'late' }))).toThrow(expect.objectContaining({ code: 'CLOSED' }));
    expect(jobs.list().jobs).toHaveLength(500);
  });

  it('tells what was not stored when time is over', async () => {
    const jobs = open();
    jobs.create(newJob({ uuid: 'a' }));
    jobs.create(newJob({ uuid: 'b' }));
    expect(await jobs.close({ deadlineMs: 10 })).toEqual({ unstored: 2 });
    expect(events.filter(({ type }) => type === 'dropped')).toEqual([
      { type: 'dropped', uuid: 'a', reason: 'closed' },
      { type: 'dropped', uuid: 'b', reason: 'closed' },
    ]);
  });
});
