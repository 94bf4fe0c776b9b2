import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { findPostgres, startPostgres, type PostgresServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob } from '@joblet/state-store';
import { openPostgresStateStore } from './index.js';
import { inDatabase, withNewSchema } from './testing/schemas.js';

const TIMEOUT_MS = 120_000;

describeWithServer('opening', findPostgres, () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => void (server = await startPostgres({ settings: { fsync: 'off' } })), TIMEOUT_MS);
  afterAll(() => server.stop(), TIMEOUT_MS);
  beforeEach(async () => void (url = await withNewSchema(server.url)));

  it('makes the tables once, though many services start at a time', async () => {
    const stores = await Promise.all(Array.from({ length: 8 }, () => openPostgresStateStore({ url })));
    await stores[0].create(newJob({ uuid: 'job-1' }));
    expect((await stores[7].get('job-1')).version).toBe(1);
    await Promise.all(stores.map((store) => store.close()));
    const { rows } = await inDatabase(url, (client) =>
      client.query('SELECT version FROM joblet_state_migrations'),
    );
    expect(rows).toEqual([{ version: 1 }]);
  });

  it('refuses a schema of a newer service, and leaves it as it is', async () => {
    await (await openPostgresStateStore({ url })).close();
    await inDatabase(url, (client) => client.query('INSERT INTO joblet_state_migrations VALUES (99)'));
    await expect(openPostgresStateStore({ url })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching('version 99 of the schema; expected at most 1'),
    });
  });

  it('refuses a database that is not in UTF-8', async () => {
    await inDatabase(server.url, (client) =>
      client.query(`CREATE DATABASE latin1 ENCODING 'LATIN1' TEMPLATE template0`),
    );
    await expect(
      openPostgresStateStore({ url: server.url.replace(/postgres$/, 'latin1') }),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'the database has the encoding LATIN1; expected UTF8',
    });
  });

  it('leaves nothing of a migration that fails', async () => {
    await inDatabase(url, (client) => client.query('CREATE TABLE joblet_jobs ()'));
    await expect(openPostgresStateStore({ url })).rejects.toMatchObject({ code: 'INTERNAL' });
    const { rows } = await inDatabase(url, (client) =>
      client.query(`SELECT to_regclass('joblet_state_migrations') AS found`),
    );
    expect(rows).toEqual([{ found: null }]);
  });

  it.each([
    ['a wrong password', (right: string) => right.replace('joblet@', 's3cret@')],
    ['an unknown database', (right: string) => right.replace('/postgres?', '/s3cret?')],
    ['no URL', () => 'postgres://s3cret:s3cret@[x'],
    ['another protocol', () => 'mysql://s3cret@localhost/x'],
    ['no text', () => 5 as unknown as string],
  ])('refuses %s', async (_, change) => {
    const error = await openPostgresStateStore({ url: change(server.url + '?') }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(error.message).not.toContain('@');
    if (!error.message.includes('does not exist')) expect(String(error.cause)).not.toContain('s3cret');
  });

  it.each([0, 1.5, 100_000])('refuses %s connections', async (connectionsMax) => {
    await expect(openPostgresStateStore({ url, connectionsMax })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
