import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenOnSocketFile } from '@joblet/service';
import type { StateStore } from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';
import { answerTo, type Answer } from '../answer.js';
import type { Closed } from '../connection.js';
import { createStateServer, type StateServer } from '../state-server.js';
import { TestClient } from './test-client.js';

export interface TestServerOptions {
  readonly store?: StateStore;
  readonly requestBytesMax?: number;
  readonly responseBytesMax?: number;
  readonly upsertUpdates?: boolean;
  readonly stuckMs?: number;
}

/** A server on a socket of its own, and what it told. */
export interface TestServer extends AsyncDisposable {
  readonly path: string;
  readonly server: StateServer;
  readonly answers: readonly Answer[];
  readonly closed: readonly Closed[];
  /** How many jobs answers that were cut had. */
  readonly truncated: readonly number[];
  connect(): Promise<TestClient>;
}

export async function startTestServer({
  store = createMemoryStore(),
  requestBytesMax = 10_485_760,
  responseBytesMax = 10_485_760,
  upsertUpdates = true,
  stuckMs = 30_000,
}: TestServerOptions = {}): Promise<TestServer> {
  const answers: Answer[] = [];
  const closed: Closed[] = [];
  const truncated: number[] = [];
  const options = {
    store,
    nodeId: 'node-1',
    upsertUpdates,
    responseBytesMax,
    onTruncated: (jobs: number) => truncated.push(jobs),
  };
  const server = createStateServer({
    requestBytesMax,
    stuckMs,
    answer: (request) => answerTo(request, options),
    onAnswer: (answer) => answers.push(answer),
    onClosed: (one) => closed.push(one),
    onRefused: () => undefined,
    onError: (error) => {
      throw error;
    },
  });
  const folder = await mkdtemp(join(tmpdir(), 'joblet-state-'));
  const path = join(folder, 's');
  await listenOnSocketFile(server.netServer, path);
  const clients: TestClient[] = [];
  return {
    path,
    server,
    answers,
    closed,
    truncated,
    async connect() {
      const client = await TestClient.connect(path);
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      await server.drain(0);
      await rm(folder, { recursive: true });
    },
  };
}
