import type { Socket } from 'node:net';
import { fullJitterMs } from './back-off.js';
import type { FrameQueue } from './frame-queue.js';
import { ProducerError } from './producer-error.js';
import type { ProducerOptions } from './producer-options.js';
import type { Timer } from './schedule.js';

/** waiting: for the next attempt to connect. failed: no attempt is left, or none makes sense. */
export type SenderState = 'connecting' | 'connected' | 'waiting' | 'failed' | 'closed';

export interface SenderListener {
  /** Rows were handed to the kernel and left the queue. */
  sent(): void;
  gaveUp(error: ProducerError): void;
}

/**
 * Writes a queue's blocks to the socket, one at a time, and connects again when that breaks. A block leaves the queue
 * once the kernel has all of it; one that was under way when the connection broke is sent again, whole: the server
 * drops the half frame at the end of the old connection.
 */
export class Sender {
  state: SenderState = 'connecting';
  sentRows = 0;
  uncertainRows = 0;
  reconnects = 0;
  private readonly queue: FrameQueue;
  private readonly options: Required<ProducerOptions>;
  private readonly listener: SenderListener;
  private socket: Socket | undefined;
  /** Ends the attempt to connect, or forgets the failures before a connection that lasts, or starts an attempt. */
  private timer: Timer | undefined;
  private wasConnected = false;
  private failures = 0;
  private sentOnConnection = 0;
  private writing = false;
  private woken = false;

  constructor(queue: FrameQueue, options: Required<ProducerOptions>, listener: SenderListener) {
    this.queue = queue;
    this.options = options;
    this.listener = listener;
    this.open();
  }

  /** There is something in the queue: sends it after this turn of the event loop, so that rows come together. */
  wake(): void {
    if (this.woken) return;
    this.woken = true;
    setImmediate(() => {
      this.woken = false;
      this.keepAlive();
      this.writeBlock();
    });
  }

  /** Resolves when the connection is closed. What the kernel has stays with it, for the server to read. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    this.state = 'closed';
    const { socket } = this;
    if (!socket) return;
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    socket.destroy();
    await closed;
  }

  private open(): void {
    const { connect, connectTimeoutMs, socketPath, schedule } = this.options;
    this.state = 'connecting';
    const socket = connect(socketPath);
    let failure: Error | undefined;
    this.timer = schedule(() => {
      socket.destroy(new Error(`no connection to ${socketPath} within ${connectTimeoutMs} ms`));
    }, connectTimeoutMs);
    this.socket = socket;
    socket.once('connect', () => this.opened());
    socket.once('end', () => socket.destroy());
    socket.on('error', (error) => (failure ??= error));
    socket.once('close', () => this.closed(failure));
    // A write channel never says anything, but its end is seen only by reading. An HTTP/2 server speaks at once.
    socket.on('data', () => socket.destroy(notAWriteChannel(socketPath)));
    this.keepAlive();
  }

  private opened(): void {
    const { onEvent, reconnectCapMs, schedule } = this.options;
    this.timer?.cancel();
    this.timer = schedule(() => (this.failures = 0), reconnectCapMs);
    this.timer.unref();
    this.state = 'connected';
    if (this.wasConnected) this.reconnects++;
    this.wasConnected = true;
    onEvent({ type: 'connected' });
    this.writeBlock();
  }

  private closed(error: Error | undefined): void {
    const { onEvent, socketPath } = this.options;
    this.timer?.cancel();
    this.socket = undefined;
    this.writing = false;
    if (this.state === 'closed') return;
    this.failures++;
    if (this.state === 'connected') {
      const uncertainRows = this.sentOnConnection;
      this.sentOnConnection = 0;
      this.uncertainRows += uncertainRows;
      onEvent({ type: 'disconnected', ...(error && { error }), uncertainRows });
    } else {
      const failure = error ?? new Error(`the connection to ${socketPath} was closed`);
      onEvent({ type: 'connect-failed', error: failure, failures: this.failures });
    }
    if (error instanceof ProducerError) this.giveUp(error);
    else this.retry(error);
  }

  private retry(cause: Error | undefined): void {
    const { random, reconnectAttemptsMax, reconnectBaseMs, reconnectCapMs, schedule, socketPath } =
      this.options;
    if (reconnectAttemptsMax > 0 && this.failures > reconnectAttemptsMax) {
      const reason = cause ? `: ${cause.message}` : '';
      const message = `gave up connecting to ${socketPath} after ${this.failures} failures in a row${reason}`;
      this.giveUp(new ProducerError('UNREACHABLE', message, { cause }));
      return;
    }
    this.state = 'waiting';
    const delayMs = fullJitterMs(this.failures - 1, reconnectBaseMs, reconnectCapMs, random);
    this.timer = schedule(() => this.open(), delayMs);
    this.keepAlive();
  }

  private giveUp(error: ProducerError): void {
    this.state = 'failed';
    this.options.onEvent({ type: 'gave-up', error });
    this.listener.gaveUp(error);
  }

  private writeBlock(): void {
    const { socket } = this;
    if (!socket || this.state !== 'connected' || this.writing) return;
    const block = this.queue.take();
    if (!block) return;
    this.writing = true;
    socket.write(block.bytes.subarray(0, block.length), (error) => {
      // Then the block is sent again. Node reports no error for a write that a destroyed socket cut short.
      if (error || socket.destroyed) return;
      this.writing = false;
      this.sentRows += block.rows;
      this.sentOnConnection += block.rows;
      this.queue.remove();
      this.listener.sent();
      this.keepAlive();
      this.writeBlock();
    });
  }

  /** Rows that wait keep the process alive, in whatever state; an idle connection does not. */
  private keepAlive(): void {
    const isBusy = this.queue.rows > 0;
    const kept = [this.socket, this.state === 'connected' ? undefined : this.timer];
    for (const handle of kept) {
      if (isBusy) handle?.ref();
      else handle?.unref();
    }
  }
}

function notAWriteChannel(socketPath: string): ProducerError {
  return new ProducerError(
    'NOT_A_WRITE_CHANNEL',
    `${socketPath} is not persist's write channel: it sent data; name persist.ipc.socket`,
  );
}
