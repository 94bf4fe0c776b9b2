import { expect, it } from '@jest/globals';
import { findDynamoDbLocal } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob, type StateStore } from '@joblet/state-store';
import { Local, TIMEOUT_MS } from './testing/local.js';

const WRITERS = 8;
const UPDATES_EACH = 40;
const CALLS_BEFORE_KILL = 100;

describeWithServer('kill -9 of DynamoDB Local in the middle of writes', findDynamoDbLocal, () => {
  const local = new Local({ inMemory: false });

  it(
    'loses nothing that was acknowledged, and leaves nothing half-written',
    async () => {
      const { store, tableName } = await local.open();
      const { store: other } = await local.open({ tableName });
      let restarted: Promise<void> | undefined;
      let calls = 0;
      /** Of each writer the last update that was acknowledged. */
      const acknowledged = new Map<string, number>();
      const write = async (on: StateStore, uuid: string) => {
        await on.create(newJob({ uuid, pid: 0 }));
        for (let pid = 1; pid <= UPDATES_EACH; pid++) {
          acknowledged.set(uuid, pid - 1);
          if (++calls === CALLS_BEFORE_KILL) restarted = local.server.restart();
          await on.update(newJob({ uuid, pid, args: [String(pid).repeat(2_000)] }), { expectedVersion: pid });
        }
        acknowledged.set(uuid, UPDATES_EACH);
      };
      const results = await Promise.allSettled(
        Array.from({ length: WRITERS }, (_, index) => write([store, other][index % 2], `writer-${index}`)),
      );
      await restarted;
      // The SDK's retries may have outlasted the restart, or not.
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'UNAVAILABLE' });
      expect(calls).toBeGreaterThanOrEqual(CALLS_BEFORE_KILL);
      for (const [uuid, last] of acknowledged) {
        const { json, version } = await store.get(uuid);
        const { pid, args = [] } = JSON.parse(json);
        // The update after it was under way.
        expect([last, last + 1]).toContain(pid);
        expect(version).toBe(pid + 1);
        expect(args).toEqual(pid === 0 ? [] : [String(pid).repeat(2_000)]);
        expect((await local.item(tableName, uuid))?.['pid']).toEqual({ N: String(pid) });
      }
      await Promise.all([store.close(), other.close()]);
    },
    TIMEOUT_MS,
  );
});
