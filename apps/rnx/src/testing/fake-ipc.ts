import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import {
  decodeIpcMessage,
  decodeLogLine,
  decodeMetric,
  MessageType,
  type LogLine,
  type Metric,
} from '@joblet/wire';

/** The write channel of persist on a unix socket: keeps what producers send. */
export class FakeIpc implements AsyncDisposable {
  readonly rows: LogLine[] = [];
  readonly metrics: Metric[] = [];
  readonly sockets = new Set<Socket>();
  /** Accepted so far. */
  connections = 0;
  onConnection: ((socket: Socket) => void) | undefined;
  private readonly server = createServer((socket) => this.accept(socket));
  private readonly path: string;
  private arrived: (() => void) | undefined;

  constructor(path: string) {
    this.path = path;
  }

  async listen(): Promise<this> {
    this.server.listen({ path: this.path });
    await once(this.server, 'listening');
    return this;
  }

  /** What arrived of a stream, one row behind the other. */
  text(stream: number): string {
    return Buffer.concat(
      this.rows.filter((row) => row.stream === stream).map(({ content }) => content),
    ).toString();
  }

  /** Resolves when `condition` holds, looking again whenever something arrived. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.arrived = resolve));
  }

  /** Resolves when all that the producers sent has arrived, and they have gone. */
  ended(): Promise<void> {
    return this.until(() => this.connections > 0 && this.sockets.size === 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (!this.server.listening) return;
    await new Promise((done) => this.server.close(done));
  }

  private accept(socket: Socket): void {
    let bytes = Buffer.alloc(0);
    this.sockets.add(socket);
    socket.on('close', () => {
      this.sockets.delete(socket);
      this.arrived?.();
    });
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const end = 4 + bytes.readUInt32BE(0);
        this.take(bytes.subarray(4, end));
        bytes = bytes.subarray(end);
      }
      this.arrived?.();
    });
    this.connections++;
    this.onConnection?.(socket);
    this.arrived?.();
  }

  private take(frame: Uint8Array): void {
    const { type, jobId, data } = decodeIpcMessage(frame);
    if (type === MessageType.LOG) this.rows.push({ ...decodeLogLine(data), jobId });
    else if (type === MessageType.METRIC) this.metrics.push({ ...decodeMetric(data), jobId });
    else throw new Error(`a frame of type ${type} arrived`);
  }
}
