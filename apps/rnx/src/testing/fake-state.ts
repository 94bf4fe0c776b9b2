import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { StateRequest, StateStore, StateSuccess } from '@joblet/state-store';

// As rnx itself: only when it is used.
const { decodeRequest, encodeResponse, failure, toWireError } = await import('@joblet/state-store');
const { createMemoryStore } = await import('@joblet/state-store/memory');

export interface FakeState extends AsyncDisposable {
  readonly store: StateStore;
  /** Statuses of jobs in the order in which they came. */
  readonly statuses: readonly string[];
}

/** A state service on a unix socket, as far as rnx asks it. */
export async function startFakeState(path: string): Promise<FakeState> {
  const store = createMemoryStore();
  const statuses: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    createInterface({ input: socket }).on('line', (line) => {
      void answer(store, decodeRequest(line), statuses).then((text) => socket.write(text));
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    store,
    statuses,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function answer(store: StateStore, request: StateRequest, statuses: string[]): Promise<string> {
  const { op, requestId } = request;
  try {
    return encodeResponse({ requestId, success: true, ...(await carryOut(store, request, statuses)) });
  } catch (error) {
    return encodeResponse(failure(toWireError(op, requestId, error)));
  }
}

async function carryOut(
  store: StateStore,
  request: StateRequest,
  statuses: string[],
): Promise<Partial<StateSuccess>> {
  if (request.op === 'list') return store.list(request.filter);
  if (request.op === 'get') return { job: await store.get(request.uuid) };
  if (request.op === 'delete') await store.delete(request.uuid);
  if (request.op !== 'create' && request.op !== 'update') return {};
  const job = await store[request.op](request.job);
  statuses.push(job.status);
  return { job };
}
