import { close, closeSync, constants, fstatSync, lstatSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { StorageError } from '@joblet/storage';
import { errorCode, isMissing } from '../errors.js';
import { READ_AHEAD_BYTES } from '../limits.js';

const readAsync = promisify(read);
const closeAsync = promisify(close);

/** An open file as long as it was when reading began: what is appended later is not seen, a delete changes nothing. */
export class FileSnapshot {
  readonly path: string;
  readonly size: number;
  private readonly fd: number;
  private window = Buffer.alloc(0);
  private windowStart = 0;
  private readonly loaded: { bytes: number };

  private constructor(path: string, fd: number, size: number, loaded = { bytes: 0 }) {
    this.loaded = loaded;
    this.path = path;
    this.fd = fd;
    this.size = size;
  }

  /**
   * Undefined when the file is not there, or has nothing to see; what is there instead, when it is no file. At once, so
   * that several can be opened with no write or delete in between. `visibleLength`: at most so many bytes; undefined: all.
   */
  static openSync(path: string, visibleLength: number | undefined): FileSnapshot | string | undefined {
    if (visibleLength === 0) return undefined;
    let fd: number;
    try {
      // Without O_NONBLOCK, a FIFO that nobody writes to would hold up the process.
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENXIO') return 'a socket or a device';
      if (code === 'ELOOP') return 'a symbolic link to itself';
      if (!isMissing(error)) throw error;
      return lstatSync(path, { throwIfNoEntry: false }) && 'a symbolic link to nothing';
    }
    const stats = fstatSync(fd);
    const size = visibleLength ?? stats.size;
    if (stats.isFile() && size > 0) return new FileSnapshot(path, fd, size);
    closeSync(fd);
    if (stats.isFile()) return undefined;
    return stats.isDirectory() ? 'a directory' : stats.isFIFO() ? 'a FIFO' : 'a device';
  }

  /**
   * The bytes at [offset, offset + length), fewer at the end of the file. A view that lives as long as nobody
   * writes into it; reads that lie close together are served from memory.
   */
  async read(offset: number, length: number): Promise<Buffer> {
    const end = Math.min(offset + length, this.size);
    if (offset >= end) return Buffer.alloc(0);
    if (offset >= this.windowStart && end <= this.windowStart + this.window.length) {
      return this.window.subarray(offset - this.windowStart, end - this.windowStart);
    }
    // Reads may overlap: the window may be another's by the time that this one's bytes are there.
    const bytes = await this.load(offset, end);
    return bytes.subarray(0, end - offset);
  }

  /** As `read`, with more bytes than `length` if they are in memory anyway: for what has no known end. */
  async readSome(offset: number, length: number): Promise<Buffer> {
    const bytes = await this.read(offset, length);
    const { window, windowStart } = this;
    const isHeld = offset >= windowStart && offset + bytes.length <= windowStart + window.length;
    return isHeld ? window.subarray(offset - windowStart) : bytes;
  }

  /** The same open file with a memory of its own, for reading at another place of it. Not to be closed. */
  another(): FileSnapshot {
    return new FileSnapshot(this.path, this.fd, this.size, this.loaded);
  }

  /** What all reads have cost so far. */
  get bytesLoaded(): number {
    return this.loaded.bytes;
  }

  async close(): Promise<void> {
    await closeAsync(this.fd);
  }

  private async load(offset: number, end: number): Promise<Buffer> {
    const length = Math.min(Math.max(end - offset, READ_AHEAD_BYTES), this.size - offset);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length;) {
      const { bytesRead } = await readAsync(this.fd, bytes, filled, length - filled, offset + filled);
      if (bytesRead === 0) {
        throw new StorageError(
          'UNAVAILABLE',
          `${this.path} became shorter than ${this.size} bytes while it was read`,
        );
      }
      filled += bytesRead;
    }
    this.loaded.bytes += length;
    this.window = bytes;
    this.windowStart = offset;
    return bytes;
  }
}
