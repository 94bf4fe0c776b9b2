import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { FrameDecoder } from '@joblet/ipc';
import { decodeIpcMessage, decodeLogLine, MessageType } from '@joblet/wire';
import type { IpcMessage, LogLine } from '@joblet/wire';

const UNTIL_MS = 20_000;

export interface Received {
  socket: Socket;
  /** In order. */
  messages: IpcMessage[];
  /** Bytes of the half frame behind them. */
  heldBytes: number;
  chunks: number;
}

export interface Row extends Omit<LogLine, 'content'> {
  content: string;
}

/** What persist is to a producer: reads frames, and can be away, deaf, or killed. */
export class ServerFixture {
  readonly path: string;
  /** One for each connection. */
  readonly received: Received[] = [];
  /** Called after each chunk. */
  onChunk: (received: Received) => void = () => undefined;
  private readonly folder: string;
  private server: Server | undefined;

  private constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, 's');
  }

  static async create(): Promise<ServerFixture> {
    return new ServerFixture(await mkdtemp(join(tmpdir(), 'pr-')));
  }

  /** With `isDeaf`, connections are accepted and not read. */
  async start(isDeaf = false): Promise<void> {
    const server = createServer({ pauseOnConnect: true }, (socket) => this.accept(socket, isDeaf));
    this.server = server;
    server.listen(this.path);
    await once(server, 'listening');
  }

  async stop(): Promise<void> {
    for (const { socket } of this.received) socket.destroy();
    const { server } = this;
    if (!server?.listening) return;
    server.close();
    await once(server, 'close');
  }

  async remove(): Promise<void> {
    await this.stop();
    await rm(this.folder, { recursive: true });
  }

  /** The log rows of all connections, in the order of these. */
  get rows(): Row[] {
    return this.received.flatMap(rowsOf);
  }

  private accept(socket: Socket, isDeaf: boolean): void {
    const decoder = new FrameDecoder();
    const received: Received = { socket, messages: [], heldBytes: 0, chunks: 0 };
    this.received.push(received);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Uint8Array) => {
      decoder.push(chunk, (bytes, start, end) =>
        received.messages.push(decodeIpcMessage(bytes.slice(start, end))),
      );
      received.heldBytes = decoder.heldBytes;
      received.chunks++;
      this.onChunk(received);
    });
    if (!isDeaf) socket.resume();
  }
}

/** The log rows of one connection. */
export function rowsOf({ messages }: Received): Row[] {
  return messages
    .filter(({ type }) => type === MessageType.LOG)
    .map(({ data }) => decodeLogLine(data))
    .map((line) => ({ ...line, content: Buffer.from(line.content).toString('latin1') }));
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
