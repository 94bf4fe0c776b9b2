import { closeSync, writeSync } from 'node:fs';
import { LOG_FLUSH_MS, LOG_PENDING_BYTES_MAX, LOG_RETRY_MS } from './limits.js';

/** Writes the beginning of the bytes and returns how many; throws as fs.writeSync does. */
export type WriteBytes = (fd: number, bytes: Uint8Array) => number;

/**
 * Writes log lines to a file descriptor in order, at once where possible, and never throws: a service outlives the
 * reader of its log. Lines wait in memory, within bounds, while a non-blocking pipe is full; what cannot be written
 * (EPIPE, EIO, ENOSPC, …) is dropped and counted.
 */
export class LogOutput {
  readonly #fd: number;
  readonly #write: WriteBytes;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  #dropped = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(fd: number, write: WriteBytes = writeSync) {
    this.#fd = fd;
    this.#write = write;
  }

  get droppedLines(): number {
    return this.#dropped;
  }

  /** One or more whole lines, counted as one. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#pendingBytes + bytes.length > LOG_PENDING_BYTES_MAX && this.#pending.length > 0) {
      this.#dropped++;
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#retry === undefined) this.#writePending();
  }

  /** Writes what waits; gives a slow reader half a second, then drops the rest. Blocks: for the last lines. */
  flushSync(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let waitedMs = 0; !this.#tryPending() && waitedMs < LOG_FLUSH_MS; waitedMs += LOG_RETRY_MS)
      Atomics.wait(pause, 0, 0, LOG_RETRY_MS);
    this.#dropped += this.#pending.length;
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  close(): void {
    this.flushSync();
    if (this.#fd > 2) closeSync(this.#fd);
  }

  #writePending(): void {
    this.#retry = undefined;
    if (this.#tryPending()) return;
    this.#retry = setTimeout(() => this.#writePending(), LOG_RETRY_MS);
    this.#retry.unref();
  }

  /** Whether nothing waits any more. */
  #tryPending(): boolean {
    for (let next = this.#pending.at(0); next !== undefined; next = this.#pending.at(0)) {
      try {
        const written = this.#write(this.#fd, next);
        this.#pendingBytes -= written;
        if (written < next.length) this.#pending[0] = next.subarray(written);
        else this.#pending.shift();
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return false;
        this.#pendingBytes -= next.length;
        this.#pending.shift();
        this.#dropped++;
      }
    }
    return true;
  }
}
