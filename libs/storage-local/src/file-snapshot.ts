import { open, type FileHandle } from 'node:fs/promises';
import { READ_AHEAD_BYTES } from './limits.js';

/** A file as long as it was when reading began: what is appended later is not seen. */
export class FileSnapshot {
  readonly path: string;
  readonly size: number;
  private readonly handle: FileHandle;
  private window = Buffer.alloc(0);
  private windowStart = 0;

  private constructor(path: string, handle: FileHandle, size: number) {
    this.path = path;
    this.handle = handle;
    this.size = size;
  }

  static async open(path: string, size: number): Promise<FileSnapshot> {
    return new FileSnapshot(path, await open(path, 'r'), size);
  }

  /**
   * The bytes at [offset, offset + length), fewer at the end of the file. A view that lives as long as nobody
   * writes into it; reads that lie close together are served from memory.
   */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, this.size);
    if (offset >= end) return Buffer.alloc(0);
    if (offset < this.windowStart || end > this.windowStart + this.window.length)
      await this.load(offset, end);
    return this.window.subarray(offset - this.windowStart, end - this.windowStart);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async load(offset: number, end: number): Promise<void> {
    const length = Math.min(Math.max(end - offset, READ_AHEAD_BYTES), this.size - offset);
    const bytes = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await this.handle.read(bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    this.window = bytes.subarray(0, filled);
    this.windowStart = offset;
  }
}
