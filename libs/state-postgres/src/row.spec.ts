import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { findPostgres, startPostgres, type PostgresServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { limits, newJob } from '@joblet/state-store';
import { openPostgresStateStore } from './index.js';
import { inDatabase, withNewSchema } from './testing/schemas.js';

const TIMEOUT_MS = 120_000;

describeWithServer('rows', findPostgres, () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => void (server = await startPostgres({ settings: { fsync: 'off' } })), TIMEOUT_MS);
  afterAll(() => server.stop(), TIMEOUT_MS);
  beforeEach(async () => void (url = await withNewSchema(server.url)));

  const ask = async (text: string) => (await inDatabase(url, (client) => client.query(text))).rows;

  it('can be asked for any field of the jobs, numbers beyond 2^53 among them', async () => {
    await using store = await openPostgresStateStore({ url });
    await store.create(newJob('{"uuid":"a","gpuCount":2,"big":9007199254740993,"deep":{"x":["y"]}}'));
    await store.create(newJob({ uuid: 'b', gpuCount: 1 }));
    await store.update(newJob({ uuid: 'b', gpuCount: 3 }));
    expect(await ask(`SELECT uuid FROM joblet_jobs WHERE (fields->>'gpuCount')::int > 2`)).toEqual([
      { uuid: 'b' },
    ]);
    expect(
      await ask(`SELECT fields->>'big' AS big FROM joblet_jobs WHERE fields @> '{"deep":{"x":["y"]}}'`),
    ).toEqual([{ big: '9007199254740993' }]);
  });

  it.each([
    ['a zero character', '"\\u0000"'],
    ['half a surrogate pair', '"\\ud800"'],
    ['a number that is too large', '1E999999'],
  ])('keep %s, which jsonb refuses', async (_, text) => {
    await using store = await openPostgresStateStore({ url });
    const { json } = await store.create(newJob(`{"uuid":"a","odd":${text}}`));
    expect((await store.get('a')).json).toBe(json);
    expect(await ask('SELECT fields IS NULL AS odd FROM joblet_jobs')).toEqual([{ odd: true }]);
  });

  it('of tombstones are removed when they have expired, by the next delete', async () => {
    let now = Date.now();
    await using store = await openPostgresStateStore({ url, now: () => now });
    for (const uuid of ['a', 'b', 'c']) await store.create(newJob({ uuid }));
    await store.delete('a');
    now += limits.TOMBSTONE_MS - 1;
    await store.delete('b');
    now += 1;
    await store.delete('c');
    await store.close();
    expect(await ask('SELECT uuid FROM joblet_jobs ORDER BY uuid')).toEqual([{ uuid: 'b' }, { uuid: 'c' }]);
  });
});
