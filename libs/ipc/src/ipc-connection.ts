import type { Readable } from 'node:stream';
import type { MessageReader } from './message-reader.js';
import type { HalfFrame } from './read-budget.js';

/** The part of a MessageReader that a connection needs. */
export type ChunkReader = Pick<MessageReader, 'push' | 'frames' | 'heldBytes' | 'missingBytes'>;

/** A producer's connection. It starts unread, and nothing is ever written to it: a v1 producer does not read. */
export class IpcConnection implements HalfFrame {
  readonly id: number;
  readonly socket: Readable;
  readonly reader: ChunkReader;
  admitted = false;
  /** Why it was ended from this side. */
  endedBy: 'frame-too-large' | 'drained' | undefined;
  /** What the socket, or the reader, failed with. */
  error: Error | undefined;
  private isRead = false;

  constructor(id: number, socket: Readable, reader: ChunkReader) {
    this.id = id;
    this.socket = socket;
    this.reader = reader;
  }

  get heldBytes(): number {
    return this.reader.heldBytes;
  }

  get missingBytes(): number {
    return this.reader.missingBytes;
  }

  /** Resolves after the event that tells of its end. */
  whenClosed(): Promise<void> {
    return new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  setRead(isRead: boolean): void {
    if (isRead === this.isRead) return;
    this.isRead = isRead;
    if (isRead) this.socket.resume();
    else this.socket.pause();
  }

  end(reason: 'frame-too-large' | 'drained', error?: Error): void {
    if (this.socket.destroyed) return;
    this.endedBy = reason;
    this.error = error;
    this.socket.destroy();
  }
}
