import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeAll, afterAll, describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import { findOpenssl } from './certificate.js';
import { describeWithServer } from './jest.js';
import { findRedis, startRedis, type RedisServer } from './redis.js';
import { stateOf } from './process-state.js';

const TIMEOUT_MS = 120_000;
const MANY = 500;

describeWithServer('Redis', findRedis, () => {
  const clients: { destroy(): void; isOpen: boolean }[] = [];

  afterEach(() => {
    for (const client of clients.splice(0)) if (client.isOpen) client.destroy();
  });

  async function connect({ url, ca }: Pick<RedisServer, 'url' | 'ca'>) {
    const client = createClient({
      url,
      socket: { reconnectStrategy: false, ...(ca !== undefined && { tls: true as const, ca }) },
    });
    client.on('error', () => undefined);
    clients.push(client);
    await client.connect();
    return client;
  }

  describe('with its append-only file', () => {
    let server: RedisServer;
    beforeAll(async () => void (server = await startRedis()), TIMEOUT_MS);
    afterAll(() => server.stop(), TIMEOUT_MS);

    it(
      'has after kill -9 in the middle of writes all that it has acknowledged',
      async () => {
        const client = await connect(server);
        const acknowledged: string[] = [];
        const writes = Array.from({ length: MANY }, async (_, index) => {
          await client.set(`key-${index}`, `value-${index}`);
          acknowledged.push(`key-${index}`);
          if (acknowledged.length === MANY / 2) void server.kill();
        });
        await Promise.allSettled(writes);
        await server.restart();
        const after = await connect(server);
        for (const key of acknowledged) expect(await after.get(key)).toBe(key.replace('key', 'value'));
        expect(acknowledged.length).toBeGreaterThanOrEqual(MANY / 2);
      },
      TIMEOUT_MS,
    );

    it(
      'keeps connections and does not answer while it is paused',
      async () => {
        const client = await connect(server);
        await server.pause();
        let answered = false;
        const answer = client.ping().then(() => (answered = true));
        await turn();
        // This takes longer than an answer would.
        expect(stateOf(server.pid!)).toBe('T');
        await turn();
        expect(answered).toBe(false);
        server.resume();
        await expect(answer).resolves.toBe(true);
      },
      TIMEOUT_MS,
    );
  });

  it(
    'loses everything by a kill without its append-only file',
    async () => {
      await using server = await startRedis({ appendOnly: false });
      await (await connect(server)).set('key', 'value');
      await server.restart();
      expect(await (await connect(server)).get('key')).toBeNull();
    },
    TIMEOUT_MS,
  );

  it(
    'asks for its password',
    async () => {
      await using server = await startRedis({ password: 'a "b" \\ c@d' });
      expect(await (await connect(server)).ping()).toBe('PONG');
      await expect(
        connect({ url: `redis://:wrong@${server.host}:${server.port}`, ca: undefined }),
      ).rejects.toThrow('WRONGPASS');
    },
    TIMEOUT_MS,
  );

  it(
    'says what it printed when it does not start',
    async () => {
      await expect(startRedis({ settings: { 'no-such-setting': '1' } })).rejects.toThrow(
        /redis at port \d+: ended with exit code 1[^]*no-such-setting/,
      );
    },
    TIMEOUT_MS,
  );

  describeWithServer('over TLS', findOpenssl, () => {
    it(
      'has a certificate that holds for its address, and takes nothing else',
      async () => {
        await using server = await startRedis({ tls: true, password: 'secret' });
        expect(await (await connect(server)).ping()).toBe('PONG');
        await server.restart();
        expect(await (await connect(server)).ping()).toBe('PONG');
        const { host, port } = server;
        await expect(connect({ url: `redis://:secret@${host}:${port}`, ca: undefined })).rejects.toThrow();
        await expect(connect({ url: server.url, ca: undefined })).rejects.toThrow();
      },
      TIMEOUT_MS,
    );
  });
});
