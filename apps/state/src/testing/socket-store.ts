import { createStateClient } from '@joblet/client/state';
import { Calls, StateStoreError, type StateStore } from '@joblet/state-store';
import { startTestServer } from './test-server.js';

const CALLS_MAX = 10_000;

/** The store as clients of a service on it see it: each call goes over a socket and back. Closing it closes the store. */
export async function openSocketStore(store: StateStore): Promise<StateStore> {
  // Whether an update may create a job is the service's setting: one service with it, one without.
  const strict = await startTestServer({ store, upsertUpdates: false });
  const upserting = await startTestServer({ store, upsertUpdates: true });
  const client = createStateClient({ socketPath: strict.path });
  const upsertingClient = createStateClient({ socketPath: upserting.path });
  const calls = new Calls('the socket', CALLS_MAX);
  const close = () =>
    calls.close(async () => {
      for (const one of [client, upsertingClient]) one.close();
      for (const server of [strict, upserting]) await server[Symbol.asyncDispose]();
      await store.close();
    });
  return {
    supports: store.supports,
    create: (job) => calls.run(() => client.create(job)),
    get: (uuid) => calls.run(() => client.get(uuid)),
    update: (job, { upsert, ...options } = {}) =>
      calls.run(() => (upsert === true ? upsertingClient : client).update(job, options)),
    delete: (uuid, options) => calls.run(() => client.delete(uuid, options)),
    list: (filter) =>
      calls.run(async () => {
        const { jobs, nextCursor } = await client.list(filter);
        return { jobs, ...(nextCursor !== undefined && { nextCursor }) };
      }),
    sync: (jobs, { nodeId, owner }) =>
      calls.run(async () => {
        const counts = await client.sync(jobs, { ...(nodeId !== undefined && { nodeId }), owner });
        if (counts === undefined) throw new StateStoreError('INTERNAL', 'the answer to a sync has no counts');
        return counts;
      }),
    async healthCheck() {
      try {
        await calls.run(() => client.ping());
        return { ok: true, details: [] };
      } catch (error) {
        return { ok: false, details: [String(error)] };
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
