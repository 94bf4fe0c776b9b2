import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { findDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocalServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { stateStoreConformance } from '@joblet/state-store/conformance';
import { openDynamoDbStateStore } from './index.js';
import { useAnyCredentials } from './testing/credentials.js';

const START_TIMEOUT_MS = 120_000;

describeWithServer('DynamoDB store', findDynamoDbLocal, () => {
  let server: DynamoDbLocalServer;
  beforeAll(async () => {
    useAnyCredentials();
    server = await startDynamoDbLocal({ inMemory: true });
  }, START_TIMEOUT_MS);
  afterAll(() => server.stop(), START_TIMEOUT_MS);

  stateStoreConformance({
    test: { describe, it },
    supports: { durable: true, atomicSync: false, ttl: true },
    create: async (clock) => {
      const { endpoint, region } = server;
      const tableName = `jobs-${randomUUID()}`;
      const open = (createTable = false) =>
        openDynamoDbStateStore({ endpoint, region, tableName, createTable, now: () => clock.now() });
      return { store: await open(true), reopen: open, second: open, dispose: async () => undefined };
    },
  });
});
