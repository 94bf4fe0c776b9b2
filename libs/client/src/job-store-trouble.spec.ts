import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newJob, StateStoreError, type StateRequest } from '@joblet/state-store';
import type { FakeState } from './testing/fake-state.js';
import { JobStoreFixture } from './testing/job-store-fixture.js';

const DAMAGED = new StateStoreError('INTERNAL', 'a stored record is damaged');
const FULL = new StateStoreError('UNAVAILABLE', 'the disk is full');

let fixture: JobStoreFixture;
let state: FakeState;

beforeEach(() => {
  fixture = new JobStoreFixture();
  ({ state } = fixture);
});
afterEach(() => fixture[Symbol.asyncDispose]());

/** Whether the request is about this job. */
function isOf(uuid: string, request: StateRequest): boolean {
  if ('job' in request) return request.job.uuid === uuid;
  if ('jobs' in request) return request.jobs.some((job) => job.uuid === uuid);
  return 'uuid' in request && request.uuid === uuid;
}

const requestsOf = (uuid: string): number => state.requests.filter((request) => isOf(uuid, request)).length;

describe('a job that the service cannot store', () => {
  it.each(['replay', 'sync'] as const)(
    '%s: is tried again by itself; all others are stored over the same connection',
    async (onReconnect) => {
      await state.start();
      state.fate = (request) => (isOf('bad', request) ? DAMAGED : 'answered');
      const jobs = fixture.open({ onReconnect });
      jobs.create(newJob({ uuid: 'bad' }));
      for (let index = 0; index < 300; index++) jobs.create(newJob({ uuid: `good-${index}` }));
      await fixture.until(() => jobs.unstored === 1 && requestsOf('bad') >= 5);
      expect(await fixture.stored()).toHaveLength(300);
      expect(state.connections).toBe(1);
      expect(fixture.eventsOf('disconnected')).toEqual([]);
      expect(fixture.eventsOf('delayed')).toEqual([
        { type: 'delayed', uuid: 'bad', error: expect.objectContaining({ code: 'UNAVAILABLE' }) },
      ]);
      jobs.update(newJob({ uuid: 'bad', status: 'RUNNING' }));
      expect(jobs.unstored).toBe(1);
      state.fate = () => 'answered';
      await fixture.until(() => jobs.unstored === 0);
      expect(await state.store.get('bad')).toMatchObject({ status: 'RUNNING' });
      expect(jobs.dropped).toBe(0);
      // Another time of trouble is told again.
      state.fate = (request) => (isOf('bad', request) ? DAMAGED : 'answered');
      jobs.update(newJob({ uuid: 'bad', status: 'COMPLETED' }));
      await fixture.until(() => fixture.eventsOf('delayed').length === 2);
      expect(await jobs.close({ deadlineMs: 0 })).toEqual({ unstored: 1 });
      expect(fixture.events.at(-1)).toEqual({ type: 'dropped', uuid: 'bad', reason: 'closed' });
    },
  );

  it('never has an answer: each connection that is given up for it stores others', async () => {
    await state.start();
    state.fate = (request) => (isOf('bad', request) ? 'unanswered' : 'answered');
    const jobs = fixture.open({ deadlineMs: 20 });
    jobs.create(newJob({ uuid: 'bad' }));
    for (let index = 0; index < 300; index++) jobs.create(newJob({ uuid: `good-${index}` }));
    await fixture.until(() => jobs.unstored === 1);
    expect(await fixture.stored()).toHaveLength(300);
    expect(fixture.eventsOf('disconnected')[0].error.message).toContain('no answer within 20 ms');
    await fixture.until(() => fixture.eventsOf('delayed').some(({ uuid }) => uuid === 'bad'));
    state.fate = () => 'answered';
    await fixture.until(() => jobs.unstored === 0);
    expect(await fixture.stored()).toHaveLength(301);
    expect(jobs.dropped).toBe(0);
  });

  it('all of them are stored when the service can again', async () => {
    await state.start();
    state.fate = ({ op }) => (op === 'ping' ? 'answered' : FULL);
    const jobs = fixture.open();
    for (let index = 0; index < 100; index++) jobs.create(newJob({ uuid: `job-${index}` }));
    jobs.delete('job-99');
    await fixture.until(() => fixture.eventsOf('delayed').length === 100);
    expect(jobs.unstored).toBe(100);
    state.fate = () => 'answered';
    await fixture.until(() => jobs.unstored === 0);
    expect(await fixture.stored()).toHaveLength(99);
    expect(state.connections).toBe(1);
  });
});

it('sync: a set that is refused is tried again on the same connection, behind what is under way', async () => {
  await state.store.create(newJob({ uuid: 'before', nodeId: 'node-1' }));
  await state.store.create(newJob({ uuid: 'stray', nodeId: 'node-1' }));
  await state.start();
  state.fate = ({ op }) => (op === 'list' ? FULL : 'answered');
  const jobs = fixture.open({ onReconnect: 'sync' });
  jobs.create(newJob({ uuid: 'a' }));
  await fixture.until(() => jobs.unstored === 0);
  expect(fixture.eventsOf('sync-refused')).toEqual([
    { type: 'sync-refused', error: expect.objectContaining({ code: 'UNAVAILABLE' }) },
  ]);
  expect(jobs.get('before')).toBeUndefined();
  state.fate = ({ op }) => (op === 'sync' ? FULL : 'answered');
  await fixture.until(() => fixture.eventsOf('loaded').length === 1);
  jobs.delete('stray');
  state.fate = () => 'answered';
  jobs.update(newJob({ uuid: 'a', status: 'RUNNING' }));
  await fixture.until(() => fixture.eventsOf('synced').length === 1 && jobs.unstored === 0);
  const stored = (await fixture.stored()).map(({ uuid, status }) => [uuid, status]);
  expect(stored.sort()).toEqual([
    ['a', 'RUNNING'],
    ['before', ''],
  ]);
  expect(fixture.eventsOf('sync-refused')).toHaveLength(1);
  expect(state.connections).toBe(1);
});
