import type { DiskFile } from './disk.js';
import { READ_BYTES } from './limits.js';

/** Reads a file piece by piece in large reads. What it gives stays as it is: a buffer is never used twice. */
export class FileWindow {
  private readonly file: DiskFile;
  private bytes: Buffer = Buffer.alloc(0);
  private start = 0;

  constructor(file: DiskFile) {
    this.file = file;
  }

  /** Fewer bytes at the end of the file. */
  async read(offset: number, length: number): Promise<Buffer> {
    const at = offset - this.start;
    if (at >= 0 && at + length <= this.bytes.length) return this.bytes.subarray(at, at + length);
    const bytes = Buffer.allocUnsafe(Math.max(length, READ_BYTES));
    this.bytes = bytes.subarray(0, await this.file.read(bytes, offset));
    this.start = offset;
    return this.bytes.subarray(0, length);
  }
}
