import type { Writable } from 'node:stream';

/** Hands bytes on to our own stdout or stderr, no faster than its reader takes them. */
export class Passage {
  private readonly stream: Writable;
  private failure: NodeJS.ErrnoException | undefined;
  private wake: (() => void) | undefined;

  constructor(stream: Writable) {
    this.stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.failure ??= error;
      this.wake?.();
    });
    stream.on('drain', () => this.wake?.());
  }

  /** Why nothing more can be written; code EPIPE: the reader has gone. */
  get error(): NodeJS.ErrnoException | undefined {
    return this.failure;
  }

  /** Resolves when there is room for more. After an error it does nothing. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.failure || this.stream.write(bytes)) return;
    await new Promise<void>((resolve) => (this.wake = resolve));
  }
}
