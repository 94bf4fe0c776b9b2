import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { findRedis, startRedis, type RedisServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { fieldOf, limits as contract, newJob, type StateStore } from '@joblet/state-store';
import { createClient } from 'redis';
import { limits, openRedisStateStore } from './index.js';
import { jobKey, KEY_PREFIX } from './keys.js';
import { indexProblems } from './testing/check-database.js';

const DAY_MS = 86_400_000;
const SCOPE = { nodeId: 'node-1', owner: '' };

const job = (uuid: string, fields: object = {}) =>
  newJob({ uuid, status: 'RUNNING', nodeId: 'node-1', ...fields });

describeWithServer('a store in Redis', findRedis, () => {
  let server: RedisServer;
  let client: ReturnType<typeof newClient>;
  const stores: StateStore[] = [];
  const newClient = () => createClient({ url: server.url });

  beforeAll(async () => {
    server = await startRedis();
    client = newClient();
    await client.connect();
  }, 60_000);
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await client.flushDb();
  });
  afterAll(async () => {
    client.destroy();
    await server.stop();
  });

  async function open(options: Partial<Parameters<typeof openRedisStateStore>[0]> = {}): Promise<StateStore> {
    const store = await openRedisStateStore({ endpoint: server.url, ...options });
    stores.push(store);
    return store;
  }

  it('lets jobs expire when they have ended, and no others', async () => {
    const now = Date.now();
    const store = await open({ ttlDays: 30, now: () => now });
    const expiry = () => client.pExpireTime(jobKey('a'));
    await store.create(job('a'));
    expect(await expiry()).toBe(-1);
    await store.update(job('a', { status: 'COMPLETED' }));
    expect(await expiry()).toBe(now + 30 * DAY_MS);
    // It runs again.
    await store.update(job('a'));
    expect(await expiry()).toBe(-1);
    await store.sync([job('a', { status: 'FAILED' })], SCOPE);
    expect(await expiry()).toBe(now + 30 * DAY_MS);
    await store.delete('a');
    expect(await expiry()).toBe(now + contract.TOMBSTONE_MS);
    const forever = await open();
    await forever.create(job('a', { status: 'COMPLETED' }));
    expect(await expiry()).toBe(-1);
    expect([store.supports.ttl, forever.supports.ttl]).toEqual([true, false]);
  });

  it('lists no job that has expired, forgets it in the index that it walks, and takes it anew', async () => {
    const store = await open();
    const fields = { status: 'COMPLETED', createdAt: '2025-11-20T00:00:00Z' };
    for (const uuid of ['a', 'b', 'c']) await store.create(job(uuid, fields));
    await client.pExpire(jobKey('a'), 0);
    await client.pExpire(jobKey('b'), 0);
    const index = (name: string) => client.zCard(KEY_PREFIX + name);
    expect(await index('status:COMPLETED')).toBe(3);
    expect((await store.list({ status: 'COMPLETED' })).jobs.map(({ uuid }) => uuid)).toEqual(['c']);
    expect([await index('status:COMPLETED'), await index('created')]).toEqual([1, 3]);
    // The place of the old one in the other indexes is that of another job now, or of none.
    await store.create(job('a', { nodeId: 'node-2', createdAt: fields.createdAt }));
    await store.create(job('b', { nodeId: 'node-1', createdAt: '2025-11-21T00:00:00Z' }));
    const uuids = async (filter: object) => (await store.list(filter)).jobs.map(({ uuid }) => uuid);
    expect(await uuids({})).toEqual(['a', 'c', 'b']);
    expect(await uuids({ sortDesc: true })).toEqual(['b', 'a', 'c']);
    expect(await uuids({ nodeId: 'node-1' })).toEqual(['c', 'b']);
    expect(await uuids({ sortBy: 'updatedAt', status: 'RUNNING' })).toEqual(['a', 'b']);
    expect(await indexProblems(server.url)).toEqual([]);
  });

  it('removes from all indexes what has expired, though nobody lists it, and leaves what was created anew', async () => {
    let now = Date.now() - 2 * DAY_MS;
    const store = await open({ ttlDays: 1, now: () => now });
    // Redis counts by its own clock: what ends so long ago expires at once.
    const fields = { status: 'COMPLETED', createdAt: '2025-11-20T00:00:00Z' };
    for (const uuid of ['a', 'b', 'c', 'd']) await store.create(job(uuid, fields));
    await store.create(job('running'));
    const index = (name: string) => client.zCard(KEY_PREFIX + name);
    const cards = () => Promise.all(['created', 'updated', 'status:COMPLETED', 'expiring'].map(index));
    expect(await cards()).toEqual([5, 5, 4, 4]);
    now += limits.PURGE_INTERVAL_MS;
    // Stands in two indexes where the old one did.
    const anew = await open();
    await anew.create(job('a', { ...fields, status: 'RUNNING' }));
    await store.update(job('running'));
    await store.close();
    expect(await cards()).toEqual([2, 2, 0, 0]);
    expect(await indexProblems(server.url)).toEqual([]);
  });

  it('lists jobs of one time in both directions, page by page', async () => {
    const store = await open();
    const names = Array.from({ length: 400 }, (_, index) => `job-${1_000 + index}`);
    await store.sync(
      names.map((uuid, index) => job(uuid, { createdAt: `2025-11-20T00:00:0${index % 2}Z` })),
      SCOPE,
    );
    const [even, odd] = [0, 1].map((rest) => names.filter((_, index) => index % 2 === rest));
    for (const [sortDesc, expected] of [
      [false, [...even, ...odd]],
      [true, [...odd, ...even]],
    ] as const) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.list({ sortDesc, limit: 150, cursor });
        found.push(...page.jobs.map(({ uuid }) => uuid));
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(found).toEqual(expected);
    }
  });

  it('lists never half of a sync, also when the list takes several steps', async () => {
    const [writer, reader] = [await open(), await open()];
    const count = limits.SCANNED_ENTRIES_MAX * 2;
    const jobs = (generation: number) =>
      Array.from({ length: count }, (_, index) => job(`${generation % 2}-${index}`, { generation }));
    await writer.sync(jobs(0), SCOPE);
    for (let generation = 1; generation <= 3; generation++) {
      let isDone = false;
      const sync = writer.sync(jobs(generation), SCOPE).finally(() => (isDone = true));
      do {
        const { jobs: seen } = await reader.list({ nodeId: 'node-1' });
        expect(new Set(seen.map((one) => fieldOf(one, 'generation'))).size).toBe(1);
        expect(seen).toHaveLength(count);
      } while (!isDone);
      await sync;
    }
    expect(await indexProblems(server.url)).toEqual([]);
  });

  it('syncs of several services at a time leave the jobs of one of them', async () => {
    const services = await Promise.all([open(), open(), open()]);
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        services.map((store, index) => store.sync([job(`${index}-a`, { round }), job(`${index}-b`)], SCOPE)),
      );
      const { jobs } = await services[0].list();
      expect(jobs.map(({ uuid }) => uuid.slice(1))).toEqual(['-a', '-b']);
      expect(new Set(jobs.map(({ uuid }) => uuid[0])).size).toBe(1);
    }
    expect(await indexProblems(server.url)).toEqual([]);
  });

  it('loses no change of a job that several services change at a time', async () => {
    const services = await Promise.all([open(), open(), open()]);
    await services[0].create(job('a'));
    await Promise.all(
      Array.from({ length: 90 }, (_, index) =>
        services[index % 3].update(job('a', { [`field${index}`]: 1 })),
      ),
    );
    const found = await services[1].get('a');
    expect(found.version).toBe(91);
    expect(
      Object.keys(JSON.parse(found.json) as object).filter((name) => name.startsWith('field')),
    ).toHaveLength(90);
  });

  it('refuses a sync of more jobs than one script takes', async () => {
    const store = await open();
    const jobs = Array.from({ length: limits.SYNCED_JOBS_MAX + 1 }, () => job('a'));
    await expect(store.sync(jobs, SCOPE)).rejects.toMatchObject({ code: 'TOO_LARGE' });
  });

  it('refuses data of another format', async () => {
    await client.set(`${KEY_PREFIX}format`, '2');
    await expect(open()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('has format "2" of job states; expected 1'),
    });
  });

  it('tells a job whose record is damaged from one that is not there', async () => {
    const store = await open();
    await store.create(job('a'));
    await client.hDel(jobKey('a'), 'job');
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining('job a'),
    });
    await client.del(jobKey('a'));
    await client.set(jobKey('a'), 'text');
    await store.create(job('b'));
    const [other] = await Promise.all([
      store.get('b'),
      expect(store.get('a')).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.stringMatching('job a in Redis cannot be read: .*WRONGTYPE'),
      }),
      expect(store.update(job('a'))).rejects.toMatchObject({ code: 'INTERNAL' }),
    ]);
    expect(other.uuid).toBe('b');
  });
});
