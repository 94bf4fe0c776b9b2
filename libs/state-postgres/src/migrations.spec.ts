import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { findOpenssl, findPostgres, startPostgres, type PostgresServer } from '@joblet/services';
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

  it('encrypts the connection as the URL says, and trusts no certificate but those it was told', async () => {
    if (findOpenssl() === undefined) return;
    await using withTls = await startPostgres({ tls: true });
    const ca = join(withTls.folder, 'trusted.pem');
    await writeFile(ca, withTls.ca!);
    await using store = await openPostgresStateStore({
      url: `${withTls.url}?sslmode=verify-full&sslrootcert=${ca}`,
    });
    await store.create(newJob({ uuid: 'job-1' }));
    const { rows } = await inDatabase(withTls.url, (client) =>
      client.query(`SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
        WHERE application_name = 'joblet-state'`),
    );
    expect(rows).toEqual([{ ssl: true }]);
    await expect(openPostgresStateStore({ url: `${withTls.url}?sslmode=verify-full` })).rejects.toMatchObject(
      { code: 'UNAVAILABLE', message: expect.stringContaining('certificate') },
    );
  });

  it.each([0, 1.5, 100_000])('refuses %s connections', async (connectionsMax) => {
    await expect(openPostgresStateStore({ url, connectionsMax })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
