import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { fieldOf, newJob, type StateStoreError } from '@joblet/state-store';
import { createStateClient, type StateClient } from './state-client.js';
import { FakeState } from './testing/fake-state.js';

let state: FakeState;
let client: StateClient;

beforeEach(async () => {
  state = new FakeState();
  await state.start();
  client = createStateClient({ socketPath: state.path });
});
afterEach(async () => {
  client.close();
  await state.dispose();
});

describe('a client of the state service', () => {
  it('has every operation, and what daemons newer than us send', async () => {
    await client.ping();
    const created = await client.create(
      newJob('{"uuid":"a","status":"PENDING","future":12345678901234567890}'),
    );
    expect(String(fieldOf(created, 'future'))).toBe('12345678901234567890');
    expect(
      (await client.update(newJob({ uuid: 'a', status: 'RUNNING' }), { expectedVersion: 1 })).version,
    ).toBe(2);
    expect(await client.get('a')).toMatchObject({ status: 'RUNNING', version: 2 });
    expect((await client.list({ status: 'RUNNING', limit: 1 })).jobs).toHaveLength(1);
    expect(await client.sync([], { nodeId: 'node-1' })).toMatchObject({ removed: 0 });
    await client.delete('a');
    await expect(client.get('a')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('rejects with the code that the service answers', async () => {
    await client.create(newJob({ uuid: 'a' }));
    const failures = await Promise.allSettled([
      client.create(newJob({ uuid: 'a' })),
      client.update(newJob({ uuid: 'a' }), { expectedVersion: 9 }),
      client.delete('b'),
      client.list({ limit: -1 }),
      // JSON would make null of it, which is no condition, or no limit.
      client.update(newJob({ uuid: 'a' }), { expectedVersion: NaN }),
      client.delete('a', { expectedVersion: NaN }),
      client.list({ limit: NaN }),
    ]);
    const codes = failures.map((one) =>
      one.status === 'rejected' ? (one.reason as StateStoreError).code : 'ok',
    );
    const invalid = Array(4).fill('INVALID_ARGUMENT');
    expect(codes).toEqual(['JOB_EXISTS', 'LOCK_FAILED', 'JOB_NOT_FOUND', ...invalid]);
  });

  it('answers many calls at a time, each its own', async () => {
    const uuids = Array.from({ length: 500 }, (_, index) => `job-${index}`);
    const jobs = await Promise.all(
      uuids.map((uuid) => client.create(newJob({ uuid, command: 'x'.repeat(5_000) }))),
    );
    expect(jobs.map(({ uuid }) => uuid)).toEqual(uuids);
  });

  it('says where it cannot ask, and asks again when it is there', async () => {
    await state.stop();
    await expect(client.ping()).rejects.toThrow(state.path);
    await expect(client.ping()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await state.start();
    await client.ping();
    state.fate = () => 'lost';
    await expect(client.create(newJob({ uuid: 'a' }))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    state.fate = () => 'answered';
    expect(await client.get('a')).toMatchObject({ uuid: 'a' });
  });

  it('gives up after its deadline, and after it is closed', async () => {
    state.fate = () => 'unanswered';
    const quick = createStateClient({ socketPath: state.path, deadlineMs: 20 });
    await expect(quick.ping()).rejects.toThrow('no answer within 20 ms');
    const waiting = client.ping();
    client.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CLOSED' });
    await expect(client.ping()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
