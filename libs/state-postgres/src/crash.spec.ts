import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findPostgres, startPostgres, type PostgresServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob, type StateStore } from '@joblet/state-store';
import { openPostgresStateStore } from './index.js';
import { inDatabase, withNewSchema } from './testing/schemas.js';

const TIMEOUT_MS = 120_000;
const WRITERS = 12;
const CALLS_BEFORE_KILL = 300;
const SYNCED = 40;
const SCOPE = { nodeId: 'synced', owner: '' };

describeWithServer('kill -9 of the server in the middle of writes', findPostgres, () => {
  let server: PostgresServer;
  beforeAll(async () => void (server = await startPostgres()), TIMEOUT_MS);
  afterAll(() => server.stop(), TIMEOUT_MS);

  it(
    'loses nothing that was acknowledged, and leaves nothing half-written',
    async () => {
      const url = await withNewSchema(server.url);
      const stores = await Promise.all([0, 1].map(() => openPostgresStateStore({ url })));
      let killed: Promise<void> | undefined;
      let calls = 0;
      const acknowledge = (): void => {
        if (++calls === CALLS_BEFORE_KILL) killed = server.kill();
      };
      /** Of each writer the last update that was acknowledged. */
      const acknowledged = new Map<string, number>();
      const write = async (store: StateStore, uuid: string) => {
        await store.create(newJob({ uuid, pid: 0 }));
        for (let pid = 1; ; pid++) {
          acknowledged.set(uuid, pid - 1);
          acknowledge();
          await store.update(newJob({ uuid, pid, text: String(pid).repeat(2_000) }));
        }
      };
      let synced = -1;
      const sync = async (store: StateStore) => {
        for (let pid = 0; ; pid++) {
          const jobs = Array.from({ length: SYNCED }, (_, index) =>
            newJob({ uuid: `${pid % 2}-${index}`, nodeId: SCOPE.nodeId, pid }),
          );
          await store.sync(jobs, SCOPE);
          synced = pid;
        }
      };
      const results = await Promise.allSettled([
        ...Array.from({ length: WRITERS }, (_, index) => write(stores[index % 2], `writer-${index}`)),
        sync(stores[0]),
      ]);
      await killed;
      const codes = results.map((result) => result.status === 'rejected' && result.reason.code);
      expect(new Set(codes)).toEqual(new Set(['UNAVAILABLE']));

      await server.restart();
      const [store] = stores;
      expect(acknowledged.size).toBe(WRITERS);
      for (const [uuid, last] of acknowledged) {
        const { json, version } = await store.get(uuid);
        const { pid, text } = JSON.parse(json);
        // The update after it was under way.
        expect([last, last + 1]).toContain(pid);
        expect(version).toBe(pid + 1);
        if (pid > 0) expect(text).toBe(String(pid).repeat(2_000));
      }
      const { jobs } = await store.list({ nodeId: SCOPE.nodeId });
      const generations = new Set(jobs.map(({ json }) => JSON.parse(json).pid));
      expect(jobs).toHaveLength(SYNCED);
      expect(generations.size).toBe(1);
      expect([synced, synced + 1]).toContain([...generations][0]);
      await columnsAgree(url);
      await Promise.all(stores.map((one) => one.close()));
    },
    TIMEOUT_MS,
  );
});

/** What lists look for is what the documents say. */
async function columnsAgree(url: string): Promise<void> {
  const { rows } = await inDatabase(url, (client) =>
    client.query(`SELECT uuid FROM joblet_jobs WHERE document IS NOT NULL AND NOT (
      uuid = fields->>'uuid' AND version = (fields->>'version')::bigint
      AND node_id = coalesce(fields->>'nodeId', '') AND status = coalesce(fields->>'status', ''))`),
  );
  expect(rows).toEqual([]);
}
