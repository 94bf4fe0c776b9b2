import type { DiskFile } from './disk.js';
import { READ_BYTES } from './limits.js';

/**
 * Reads a file piece by piece in large reads. What it gives stays as it is, unless `isReused`: then the next read may write over it, and
 * no more memory is touched than the largest read needs.
 */
export class FileWindow {
  private readonly file: DiskFile;
  private readonly isReused: boolean;
  private memory: Buffer = Buffer.alloc(0);
  private bytes: Buffer = this.memory;
  private start = 0;

  constructor(file: DiskFile, isReused = false) {
    this.file = file;
    this.isReused = isReused;
  }

  /** Fewer bytes at the end of the file. */
  async read(offset: number, length: number): Promise<Buffer> {
    const at = offset - this.start;
    if (at >= 0 && at + length <= this.bytes.length) return this.bytes.subarray(at, at + length);
    const size = Math.max(length, READ_BYTES);
    if (!this.isReused || this.memory.length < size) this.memory = Buffer.allocUnsafe(size);
    this.bytes = this.memory.subarray(0, await this.file.read(this.memory, offset));
    this.start = offset;
    return this.bytes.subarray(0, length);
  }
}
