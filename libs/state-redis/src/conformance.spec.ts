import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { findRedis, startRedis, type RedisServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { stateStoreConformance } from '@joblet/state-store/conformance';
import { createClient } from 'redis';
import { openRedisStateStore } from './index.js';

describeWithServer('in Redis', findRedis, () => {
  let server: RedisServer;
  beforeAll(async () => void (server = await startRedis()), 60_000);
  afterAll(() => server.stop());

  stateStoreConformance({
    test: { describe, it },
    create: async (clock) => {
      const open = () => openRedisStateStore({ endpoint: server.url, ttlDays: 30, now: () => clock.now() });
      return {
        store: await open(),
        reopen: open,
        second: open,
        dispose: async () => {
          const client = await createClient({ url: server.url }).connect();
          await client.flushDb();
          client.destroy();
        },
      };
    },
    supports: { durable: true, atomicSync: true, ttl: true },
  });
});
