import { expect, it } from '@jest/globals';
import { findPostgres, startPostgres } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { openPostgresStateStore } from './index.js';

const TIMEOUT_MS = 120_000;

describeWithServer('healthCheck', findPostgres, () => {
  it(
    'tells when the server may lose what it acknowledges',
    async () => {
      await using server = await startPostgres({ settings: { fsync: 'off', synchronous_commit: 'off' } });
      await using store = await openPostgresStateStore({ url: server.url });
      expect(await store.healthCheck()).toEqual({
        ok: true,
        details: [
          'fsync is off: a crash of the machine may lose or damage jobs',
          'synchronous_commit is off: a crash of the server may lose the last changes',
        ],
      });
    },
    TIMEOUT_MS,
  );
});
