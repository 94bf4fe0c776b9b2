import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { findPostgres, startPostgres, type PostgresServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { stateStoreConformance } from '@joblet/state-store/conformance';
import { openPostgresStateStore } from './index.js';
import { withNewSchema } from './testing/schemas.js';

const START_TIMEOUT_MS = 120_000;

describeWithServer('PostgreSQL store', findPostgres, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    // What it acknowledges must survive it, not the machine.
    server = await startPostgres({ settings: { fsync: 'off', max_connections: '60' } });
  }, START_TIMEOUT_MS);
  afterAll(() => server.stop(), START_TIMEOUT_MS);

  stateStoreConformance({
    test: { describe, it },
    supports: { durable: true, atomicSync: true, ttl: false },
    create: async (clock) => {
      const url = await withNewSchema(server.url);
      const open = () => openPostgresStateStore({ url, connectionsMax: 5, now: () => clock.now() });
      return { store: await open(), reopen: open, second: open, dispose: async () => undefined };
    },
  });
});
