import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { createIpcServer } from '../ipc-server.js';
import type { IpcServer, IpcServerOptions } from '../ipc-server.js';
import type { IpcServerEvent } from '../ipc-server-event.js';
import { recordingSink } from './recording-sink.js';
import type { Recording } from './recording-sink.js';

const UNTIL_MS = 20_000;

/** A listening server that records everything, and its clients. */
export interface IpcFixture {
  server: IpcServer;
  path: string;
  /** By connection, from 1. */
  sinks: Map<number, Recording>;
  events: IpcServerEvent[];
  client(): Promise<Socket>;
  /** The sequence numbers of all log lines that arrived on a connection. */
  sequences(connection: number): number[];
  close(): Promise<void>;
}

export async function openIpcFixture(options: Partial<IpcServerOptions> = {}): Promise<IpcFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'ipc-'));
  const path = join(folder, 's');
  const sinks = new Map<number, Recording>();
  const events: IpcServerEvent[] = [];
  const clients: Socket[] = [];
  const createSink = (connection: number) => {
    const sink = recordingSink();
    sinks.set(connection, sink);
    return sink;
  };
  const server = createIpcServer({ createSink, onEvent: (event) => events.push(event), ...options });
  server.netServer.listen(path);
  await once(server.netServer, 'listening');
  return {
    server,
    path,
    sinks,
    events,
    async client() {
      const socket = connect(path);
      socket.on('error', () => undefined);
      clients.push(socket);
      await once(socket, 'connect');
      return socket;
    },
    sequences: (connection) => sinks.get(connection)?.logs.map(({ sequence }) => Number(sequence)) ?? [],
    async close() {
      for (const socket of clients) socket.destroy();
      await server.drain({ timeoutMs: 0 });
      await rm(folder, { recursive: true });
    },
  };
}

/** Lets the event loop turn until it is so. Bounded, since it would go on when the test is over. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not so within ${UNTIL_MS} ms: ${isSo}`);
    await turn();
  }
}

/** Lets the event loop turn often enough for whatever is under way in this process to happen. */
export async function settle(): Promise<void> {
  for (let count = 0; count < 20; count++) await turn();
}

/** Resolves when the bytes are in the kernel. */
export function send(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes frame after frame until the kernel takes no more; returns how many it took whole. */
export async function fillKernel(socket: Socket, frame: (index: number) => Uint8Array): Promise<number> {
  let taken = 0;
  for (let index = 0; ; index++) {
    socket.write(frame(index), (error) => {
      if (!error) taken++;
    });
    await settle();
    if (taken === index) return taken;
  }
}
