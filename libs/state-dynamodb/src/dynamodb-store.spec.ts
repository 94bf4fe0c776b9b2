import { expect, it } from '@jest/globals';
import { findDynamoDbLocal, LossyProxy } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { limits, newJob, type JobFilter, type StateStore } from '@joblet/state-store';
import { openDynamoDbStateStore } from './index.js';
import { ITEM_BYTES_MAX, SECONDS_PER_DAY } from './limits.js';
import { itemOfGo } from './testing/go-service.js';
import { Local } from './testing/local.js';

const job = (uuid: string, fields: object = {}) => newJob({ uuid, status: 'RUNNING', ...fields });

describeWithServer('items', findDynamoDbLocal, () => {
  const local = new Local();

  it('expire when the job has ended, and only then', async () => {
    let now = Date.now();
    const { store, tableName } = await local.open({ ttlDays: 2, now: () => now });
    const expiryOf = async (uuid: string) => Number((await local.item(tableName, uuid))?.['expiresAt']?.N);
    await store.create(job('job-1'));
    expect(await expiryOf('job-1')).toBeNaN();
    for (const status of ['COMPLETED', 'FAILED', 'STOPPED', 'CANCELED']) {
      await store.update(job('job-1', { status }));
      expect(await expiryOf('job-1')).toBe(Math.floor(now / 1000) + 2 * SECONDS_PER_DAY);
      now += 10_000;
    }
    await store.update(job('job-1', { status: 'STOPPING' }));
    expect(await expiryOf('job-1')).toBeNaN();
    await store.close();
  });

  it('have no expiry without TTL', async () => {
    const { store, tableName } = await local.open({ ttlEnabled: false });
    expect(store.supports.ttl).toBe(false);
    await store.create(job('job-1', { status: 'FAILED' }));
    await store.delete('job-1');
    expect(await local.item(tableName, 'job-1')).not.toHaveProperty('expiresAt');
    await store.close();
  });

  it('of deleted jobs are called DELETED to those who read all items, and are removed after a minute', async () => {
    let now = Date.now();
    const { store, tableName } = await local.open({ now: () => now });
    const { store: other } = await local.open({ tableName, now: () => now });
    for (const uuid of ['a', 'b', 'c']) await store.create(job(uuid));
    await store.delete('a');
    await other.delete('b');
    expect(await local.item(tableName, 'a')).toMatchObject({
      jobStatus: { S: 'DELETED' },
      expiresAt: { N: String(Math.ceil((now + limits.TOMBSTONE_MS) / 1000)) },
    });
    await other.close();
    now += limits.TOMBSTONE_MS;
    // The first call removes its own, the list those of others, at the next call.
    await store.list();
    await store.healthCheck();
    await store.close();
    expect((await local.items(tableName)).map(({ jobId }) => jobId.S)).toEqual(['c']);
  });

  it('of more than 400 KB are refused with the size and the name of the job, and nothing is changed', async () => {
    const { store } = await local.open();
    await store.create(job('job-1'));
    const tooLarge = job('job-1', { text: 'ü'.repeat(ITEM_BYTES_MAX / 2) });
    const message = /^job job-1 has 4\d{5} bytes as an item of DynamoDB; expected at most 409600$/;
    const refused = { code: 'TOO_LARGE', message: expect.stringMatching(message) };
    await expect(store.update(tooLarge)).rejects.toMatchObject(refused);
    await expect(store.sync([tooLarge], { nodeId: undefined, owner: '' })).rejects.toMatchObject(refused);
    expect((await store.get('job-1')).version).toBe(1);
    await store.close();
  });

  it('of just under 400 KB are stored', async () => {
    const { store, tableName } = await local.open();
    const args = Array.from({ length: 1_000 }, (_, index) => `${index}`.padEnd(100, 'x'));
    const text = 'x'.repeat(ITEM_BYTES_MAX - 210_000);
    const { json } = await store.create(job('job-1', { args, gpuIndices: [1, 2, 3], text }));
    expect((await store.get('job-1')).json).toBe(json);
    expect((await local.item(tableName, 'job-1'))?.['args']?.L).toHaveLength(1_000);
    await store.close();
  });

  it('are written once, though the answer is lost and the SDK sends them again', async () => {
    const { store: made, tableName } = await local.open();
    await made.close();
    await using proxy = await LossyProxy.start(local.server.port);
    const endpoint = `http://127.0.0.1:${proxy.port}`;
    const store = await openDynamoDbStateStore({ ...local.place, endpoint, tableName });
    const loseAnswer = (): void =>
      proxy.loseAnswerTo((request) => request.includes('DynamoDB_20120810.PutItem'));
    loseAnswer();
    expect((await store.create(job('job-1'))).version).toBe(1);
    loseAnswer();
    expect((await store.update(job('job-1', { pid: 1 }), { expectedVersion: 1 })).version).toBe(2);
    expect((await store.get('job-1')).version).toBe(2);
    loseAnswer();
    await store.delete('job-1');
    await expect(store.get('job-1')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect(proxy.losses).toBe(3);
    await store.close();
  });
});

describeWithServer('lists by the index', findDynamoDbLocal, () => {
  const local = new Local();
  const FILTERS: readonly JobFilter[] = [
    { status: 'RUNNING' },
    { status: 'RUNNING', sortDesc: true },
    { statuses: ['RUNNING', 'FAILED', 'NONE'] },
    { statuses: ['RUNNING', 'FAILED'], sortDesc: true, nodeId: 'node-1' },
    { statuses: ['FAILED', 'RUNNING'], sortBy: 'updatedAt', sortDesc: true },
    { status: 'RUNNING', prefix: 'job-', owner: '' },
    { status: 'RUNNING', owner: 'rnx' },
  ];

  async function pages(store: StateStore, filter: JobFilter, limit: number): Promise<string[]> {
    const found: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await store.list({ ...filter, limit, cursor });
      found.push(...page.jobs.map(({ uuid }) => uuid));
      if (page.nextCursor === undefined) return found;
      cursor = page.nextCursor;
    }
  }

  it('are those of a scan, page by page', async () => {
    const { store: indexed, tableName } = await local.open({ useIndex: true });
    const { store: scanned } = await local.open({ tableName });
    for (let index = 0; index < 60; index++) {
      await indexed.create(
        job(`job-${(index * 7) % 60}`, {
          status: ['RUNNING', 'FAILED', 'PENDING'][index % 3],
          nodeId: `node-${index % 2}`,
          owner: index % 4 === 0 ? 'rnx' : undefined,
          startTime: new Date(Date.UTC(2025, 0, 1) + (index >> 3) * 500).toISOString(),
        }),
      );
    }
    for (const filter of FILTERS) {
      const expected = await pages(scanned, filter, 100);
      expect(expected.length).toBeGreaterThan(1);
      for (const limit of [4, 100]) expect(await pages(indexed, filter, limit)).toEqual(expected);
    }
    await Promise.all([indexed.close(), scanned.close()]);
  });

  it('do not see items of the Go service; without a status they do', async () => {
    const { store, tableName } = await local.open({ useIndex: true });
    await local.put(tableName, itemOfGo('jobId', 'job-1'));
    expect((await store.list({ status: 'RUNNING' })).jobs).toEqual([]);
    expect((await store.list({ nodeId: 'node-1' })).jobs).toHaveLength(1);
    await store.close();
  });
});
