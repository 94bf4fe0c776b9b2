import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { Deadline } from './deadline.js';
import { FrameTooLargeError } from './frame-too-large-error.js';
import { IpcConnection } from './ipc-connection.js';
import type { IpcServerEvent } from './ipc-server-event.js';
import {
  BUDGET_BYTES,
  BUDGET_BYTES_MIN,
  CONNECTIONS_MAX,
  DRAIN_TIMEOUT_MS,
  FRAME_SIZE_MAX,
} from './limits.js';
import { MessageReader } from './message-reader.js';
import type { MessageSink } from './message-reader.js';
import { quietTurns } from './quiet-turns.js';
import { ReadBudget } from './read-budget.js';
import { ReadGate } from './read-gate.js';
import { readInPlace } from './read-in-place.js';

export interface IpcServerOptions {
  /** Called once for each connection, when it is accepted. */
  createSink: (connection: number) => MessageSink;
  onEvent: (event: IpcServerEvent) => void;
  /** Largest frame in bytes. Default: 134,217,728. */
  frameSizeMax?: number;
  /** Connections that are read at the same time. Default: 256. */
  connectionsMax?: number;
  /** Bytes of half frames and pending data, see `reportPending`. Default: 67,108,864; at least 65,536. */
  budgetBytes?: number;
}

export interface DrainReport {
  /** Whether the time was over before every connection was empty: what the kernel still held is lost. */
  expired: boolean;
  connections: number;
  halfFrames: number;
  halfFrameBytes: number;
}

/**
 * Accepts producers and reads them into sinks, with back-pressure: what is not read stays with the producers.
 * The caller listens on `netServer`, and owns the socket file.
 */
export class IpcServer {
  readonly netServer: Server;
  private readonly options: IpcServerOptions;
  private readonly connectionsMax: number;
  private readonly frameSizeMax: number;
  private readonly gate: ReadGate;
  private readonly waiting = new Set<IpcConnection>();
  private accepted = 0;
  /** Counts whatever shows that a connection may not be empty. */
  private activity = 0;
  private draining: Promise<DrainReport> | undefined;
  private onRelease: (() => void) | undefined;

  constructor(options: IpcServerOptions) {
    this.options = options;
    this.connectionsMax = options.connectionsMax ?? CONNECTIONS_MAX;
    this.frameSizeMax = options.frameSizeMax ?? FRAME_SIZE_MAX;
    const { budgetBytes = BUDGET_BYTES } = options;
    if (!(budgetBytes >= BUDGET_BYTES_MIN)) {
      throw new TypeError(`budgetBytes is ${budgetBytes}; expected at least ${BUDGET_BYTES_MIN}`);
    }
    const budget = new ReadBudget(budgetBytes, this.frameSizeMax);
    this.gate = new ReadGate(budget, () => {
      this.activity++;
      this.onRelease?.();
    });
    this.netServer = createServer({ pauseOnConnect: true }, (socket) => this.accept(socket));
    this.netServer.on('error', (error) => options.onEvent({ type: 'server-error', error }));
  }

  /** Connections that are read. */
  get connections(): number {
    return this.gate.connections.size;
  }

  /** Connections beyond the limit. */
  get waitingConnections(): number {
    return this.waiting.size;
  }

  /** Bytes of half frames, of all connections. */
  get heldBytes(): number {
    return this.gate.heldBytes;
  }

  /**
   * Stops reading all connections until `resume` is called with the same reason; pausing twice for one reason is
   * pausing once. When called from a sink, the rest of the chunk (at most 64 KiB) is still delivered. For anything but
   * memory: there, a pause would keep half frames from ever being finished; see `reportPending`.
   */
  pause(reason: string): void {
    this.gate.pause(reason);
  }

  resume(reason: string): void {
    this.gate.resume(reason);
  }

  /**
   * Tells how many bytes the app holds of what it was given: to be called whenever that changes, up or down.
   *
   * Memory is bounded: half frames and pending bytes are together at most `budgetBytes` and one frame of the largest
   * size (and, for each connection, two reads of 64 KiB, which Node takes from the kernel before a stop reaches it).
   * Beyond the budget, reading stops; but when half frames alone fill it, they can be finished, one larger than the
   * budget as well. The app must be able to bring its pending bytes to 0 without further input.
   */
  reportPending(bytes: number): void {
    this.gate.setPendingBytes(bytes);
  }

  /**
   * For the end of a service: accepts what is in the backlog, stops accepting, reads every connection (also those
   * beyond the limit) until it would block, then closes them. While the app withholds reading, it waits; after
   * `timeoutMs` (default 5,000) it closes them anyway. Remove the socket file first, so that no producer can connect
   * in the last instant. Resolves after the last event. A second call gets the same report.
   */
  drain(options: { timeoutMs?: number } = {}): Promise<DrainReport> {
    this.draining ??= this.runDrain(options.timeoutMs ?? DRAIN_TIMEOUT_MS);
    return this.draining;
  }

  private accept(accepted: Socket): void {
    this.activity++;
    const id = ++this.accepted;
    const reader = new MessageReader(this.options.createSink(id), this.frameSizeMax);
    const socket = readInPlace(accepted, (chunk) => this.deliver(connection, chunk));
    const connection: IpcConnection = new IpcConnection(id, socket, reader);
    socket.on('error', (error) => (connection.error ??= error));
    socket.on('close', () => this.closed(connection));
    this.waiting.add(connection);
    this.openWaiting();
    if (!this.waiting.has(connection)) return;
    this.options.onEvent({ type: 'waiting', connection: id, waitingConnections: this.waiting.size });
  }

  private openWaiting(): void {
    for (const connection of this.waiting) {
      if (!this.draining && this.connections >= this.connectionsMax) return;
      this.waiting.delete(connection);
      this.gate.add(connection);
      this.options.onEvent({ type: 'opened', connection: connection.id });
    }
  }

  private deliver(connection: IpcConnection, chunk: Uint8Array): void {
    this.activity++;
    try {
      this.gate.deliver(connection, chunk);
    } catch (error) {
      if (!(error instanceof FrameTooLargeError)) throw error;
      connection.end('frame-too-large', error);
    }
  }

  private closed(connection: IpcConnection): void {
    this.activity++;
    this.gate.delete(connection);
    this.waiting.delete(connection);
    const { error } = connection;
    this.options.onEvent({
      type: 'closed',
      connection: connection.id,
      reason: connection.endedBy ?? (error ? 'failed' : 'ended'),
      ...(error && { error }),
      halfFrameBytes: connection.heldBytes,
    });
    this.openWaiting();
  }

  private async runDrain(timeoutMs: number): Promise<DrainReport> {
    const deadline = new Deadline(timeoutMs);
    await quietTurns(
      () => this.accepted,
      () => deadline.expired,
    );
    const stopped = new Promise<void>((resolve) => this.netServer.close(() => resolve()));
    this.openWaiting();
    const isEmpty = await this.readUntilEmpty(deadline);
    deadline.clear();
    const open = [...this.gate.connections, ...this.waiting];
    const closed = open.map((connection) => connection.whenClosed());
    const report = endAll(open, !isEmpty);
    await Promise.all([stopped, ...closed]);
    return report;
  }

  /** Whether, at the end, nothing was withheld and every connection had no data for whole turns of the event loop. */
  private async readUntilEmpty(deadline: Deadline): Promise<boolean> {
    while (!deadline.expired) {
      if (this.gate.withheld) {
        const released = new Promise<void>((resolve) => (this.onRelease = resolve));
        await Promise.race([released, deadline.reached]);
        continue;
      }
      await quietTurns(
        () => this.activity,
        () => deadline.expired || this.gate.withheld,
      );
      if (!this.gate.withheld && !deadline.expired) return true;
    }
    return false;
  }
}

export function createIpcServer(options: IpcServerOptions): IpcServer {
  return new IpcServer(options);
}

function endAll(connections: IpcConnection[], expired: boolean): DrainReport {
  const report = { expired, connections: connections.length, halfFrames: 0, halfFrameBytes: 0 };
  for (const connection of connections) {
    if (connection.heldBytes > 0) report.halfFrames++;
    report.halfFrameBytes += connection.heldBytes;
    connection.end('drained');
  }
  return report;
}
