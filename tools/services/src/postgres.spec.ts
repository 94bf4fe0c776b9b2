import { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { findOpenssl } from './certificate.js';
import { describeWithServer } from './jest.js';
import { findPostgres, startPostgres, type PostgresServer } from './postgres.js';
import { isAlive } from './process-state.js';
import { until } from './testing/until.js';

const TIMEOUT_MS = 120_000;
const WRITERS = 8;
const ROWS_EACH = 100;

describeWithServer('PostgreSQL', findPostgres, () => {
  let server: PostgresServer;
  beforeAll(
    async () => void (server = await startPostgres({ settings: { max_connections: '30' } })),
    TIMEOUT_MS,
  );
  afterAll(() => server.stop(), TIMEOUT_MS);

  const sockets: Socket[] = [];
  afterEach(() => sockets.splice(0).forEach((socket) => socket.destroy()));

  async function connect(url = server.url, ca?: string): Promise<Client> {
    const socket = new Socket();
    sockets.push(socket);
    const client = new Client({
      connectionString: url,
      stream: () => socket,
      ...(ca !== undefined && { ssl: { ca } }),
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  it(
    'has after kill -9 in the middle of writes all that it has acknowledged',
    async () => {
      const first = await connect();
      await first.query('CREATE TABLE numbers (number int PRIMARY KEY)');
      await first.end();
      const acknowledged: number[] = [];
      let killed: Promise<void> | undefined;
      const write = async (_: unknown, writer: number) => {
        const client = await connect();
        for (let row = 0; row < ROWS_EACH; row++) {
          const number = writer * ROWS_EACH + row;
          await client.query('INSERT INTO numbers VALUES ($1)', [number]);
          acknowledged.push(number);
          if (acknowledged.length === (WRITERS * ROWS_EACH) / 2) killed = server.kill();
        }
      };
      await Promise.allSettled(Array.from({ length: WRITERS }, write));
      await killed;
      expect(server.pid).toBeUndefined();
      await server.restart();
      const after = await connect();
      const { rows } = await after.query<{ number: number }>('SELECT number FROM numbers');
      await after.end();
      const there = new Set(rows.map(({ number }) => number));
      expect(acknowledged.filter((number) => !there.has(number))).toEqual([]);
      expect(acknowledged.length).toBeGreaterThanOrEqual((WRITERS * ROWS_EACH) / 2);
    },
    TIMEOUT_MS,
  );

  it(
    'is killed together with a process of its own that is busy',
    async () => {
      const busy = await connect();
      const { rows } = await busy.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
      const [{ pid }] = rows;
      const series = 'generate_series(1, 1000000)';
      const query = busy.query(`SELECT count(*) FROM ${series} AS one, ${series} AS other`);
      const failed = expect(query).rejects.toThrow();
      const watch = await connect();
      await until('the query runs', async () => {
        const active = await watch.query(`SELECT FROM pg_stat_activity WHERE pid = $1 AND state = 'active'`, [
          pid,
        ]);
        return active.rowCount === 1;
      });
      await server.kill();
      await until('the busy process is gone', () => !isAlive(pid));
      await failed;
      await server.restart();
      const after = await connect();
      await after.end();
    },
    TIMEOUT_MS,
  );

  it('asks for its password, and has the settings', async () => {
    await expect(connect(server.url.replace('joblet@', 'wrong@'))).rejects.toThrow(
      'password authentication failed',
    );
    const client = await connect();
    const { rows } = await client.query('SHOW max_connections');
    await client.end();
    expect(rows).toEqual([{ max_connections: '30' }]);
  });

  it(
    'says what it printed when it does not start',
    async () => {
      await expect(startPostgres({ settings: { no_such_setting: "it's" } })).rejects.toThrow(
        'no_such_setting',
      );
    },
    TIMEOUT_MS,
  );

  describeWithServer('over TLS', findOpenssl, () => {
    it(
      'has a certificate that holds for its address',
      async () => {
        await using tlsServer = await startPostgres({ tls: true, password: 'a b@c' });
        const client = await connect(tlsServer.url, tlsServer.ca);
        const { rows } = await client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
        await client.end();
        expect(rows).toEqual([{ ssl: true }]);
        await expect(connect(server.url, tlsServer.ca)).rejects.toThrow('does not support SSL');
      },
      TIMEOUT_MS,
    );
  });
});
