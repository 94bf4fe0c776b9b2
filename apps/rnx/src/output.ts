import type { Writable } from 'node:stream';
import { OUTPUT_CHUNK_SIZE } from './limits.js';
import { systemReason } from './system-reason.js';

/** The output cannot be written. EPIPE: whoever read it has gone. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code: string;

  constructor(cause: NodeJS.ErrnoException) {
    super(`the output cannot be written: ${systemReason(cause)}`, { cause });
    this.code = cause.code ?? '';
  }
}

/**
 * Gathers small writes and holds the writer back while the reader is slow. When the output fails it aborts the command;
 * when the command is aborted nobody waits for the reader any more.
 */
export class Output {
  private readonly stream: Writable;
  private readonly abort: AbortController;
  private parts: Uint8Array[] = [];
  private size = 0;
  private scheduled: NodeJS.Immediate | undefined;
  /** The last write is done. */
  private written = Promise.resolve();
  /** Set while the stream has more than it wants. */
  private room: Promise<void> | undefined;

  constructor(stream: Writable, abort: AbortController) {
    this.stream = stream;
    this.abort = abort;
    stream.on('error', this.fail);
  }

  /** Resolves when there is room for more. Rejects with the reason of the abort, such as OutputError. */
  async write(part: Uint8Array | string): Promise<void> {
    const bytes = typeof part === 'string' ? Buffer.from(part) : part;
    this.parts.push(bytes);
    this.size += bytes.length;
    if (this.size >= OUTPUT_CHUNK_SIZE) this.flush();
    // What comes alone is seen at once.
    else this.scheduled ??= setImmediate(() => this.flush());
    if (this.room) await this.room;
    this.abort.signal.throwIfAborted();
  }

  /** Resolves when all is written. Rejects as `write` does. */
  async end(): Promise<void> {
    this.flush();
    await this.written;
    this.abort.signal.throwIfAborted();
  }

  private flush(): void {
    clearImmediate(this.scheduled);
    this.scheduled = undefined;
    const { signal } = this.abort;
    if (this.size === 0 || signal.aborted) return;
    const chunk = Buffer.concat(this.parts);
    this.parts = [];
    this.size = 0;
    let taken = true;
    this.written = new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      signal.addEventListener('abort', done);
      taken = this.stream.write(chunk, (error) => {
        // The event comes later than this.
        if (error) this.fail(error);
        done();
      });
    });
    if (taken) return;
    const room = this.written.then(() => {
      if (this.room === room) this.room = undefined;
    });
    this.room = room;
  }

  private readonly fail = (error: NodeJS.ErrnoException): void => this.abort.abort(new OutputError(error));
}
