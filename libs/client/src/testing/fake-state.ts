import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  decodeRequest,
  encodeResponse,
  failure,
  resolveSync,
  toWireError,
  type StateRequest,
  type StateStore,
  type StateSuccess,
} from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';

/**
 * What becomes of a request: `lost` is carried out, and the connection breaks instead of the answer; `unanswered` is not, and
 * what comes behind it on the connection has no answer either: answers come in order.
 */
export type Fate = 'answered' | 'lost' | 'unanswered' | Error;

/** A state service on a socket, started and stopped as often as a test likes. */
export class FakeState {
  readonly folder = mkdtempSync(join(tmpdir(), 'joblet-fake-'));
  readonly path = join(this.folder, 's');
  store: StateStore = createMemoryStore();
  readonly requests: StateRequest[] = [];
  fate: (request: StateRequest) => Fate = () => 'answered';
  /** Told of each request that has been carried out, or not. */
  onRequest: () => void = () => undefined;
  /** How many there have been. */
  connections = 0;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  async start(): Promise<void> {
    this.server = createServer((socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => socket.destroy());
      // A connection that breaks ends the loop.
      this.serve(socket).catch(() => socket.destroy());
    });
    this.server.listen(this.path);
    await once(this.server, 'listening');
  }

  async stop(): Promise<void> {
    if (this.server === undefined) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
    this.server = undefined;
  }

  /** Breaks all connections. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
    this.sockets.clear();
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true });
  }

  private async serve(socket: Socket): Promise<void> {
    let isMute = false;
    for await (const line of createInterface({ input: socket })) {
      const request = decodeRequest(line);
      this.requests.push(request);
      const fate = this.fate(request);
      isMute ||= fate === 'unanswered';
      const answer = fate === 'unanswered' ? '' : await this.answer(request, fate);
      this.onRequest();
      if (fate === 'lost') socket.destroy();
      else if (!isMute) socket.write(answer);
    }
  }

  private async answer(request: StateRequest, fate: Fate): Promise<string> {
    try {
      if (fate instanceof Error) throw fate;
      return encodeResponse({
        requestId: request.requestId,
        success: true,
        ...(await this.carryOut(request)),
      });
    } catch (error) {
      return encodeResponse(failure(toWireError(request.op, request.requestId, error)));
    }
  }

  private async carryOut(request: StateRequest): Promise<Partial<StateSuccess>> {
    const { store } = this;
    switch (request.op) {
      case 'ping':
        return {};
      case 'create':
        return { job: await store.create(request.job) };
      case 'update':
        return {
          job: await store.update(request.job, { upsert: true, expectedVersion: request.expectedVersion }),
        };
      case 'get':
        return { job: await store.get(request.uuid) };
      case 'delete':
        await store.delete(request.uuid, { expectedVersion: request.expectedVersion });
        return {};
      case 'list':
        return store.list(request.filter);
      case 'sync': {
        const { jobs, scope } = resolveSync(request.jobs, request, 'node-1');
        return { counts: await store.sync(jobs, scope) };
      }
    }
  }
}
