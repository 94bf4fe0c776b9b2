import { READ_AHEAD_BYTES } from '../limits.js';
import type { ByteSource, FileVersion } from './byte-source.js';
import type { ByteRange } from './member.js';
import { openBytesSync } from './viewed-bytes.js';

/** A file as long as it was when reading began: what is appended later is not seen, a delete changes nothing. */
export class FileSnapshot {
  readonly path: string;
  readonly size: number;
  /** As ByteSource has it. */
  readonly version: FileVersion | undefined;
  private readonly source: ByteSource;
  private window = Buffer.alloc(0);
  private windowStart = 0;
  private readonly loaded: { bytes: number };

  constructor(source: ByteSource, loaded = { bytes: 0 }) {
    this.path = source.path;
    this.size = source.size;
    this.version = source.version;
    this.source = source;
    this.loaded = loaded;
  }

  /** As `openBytesSync`, held open. */
  static openSync(path: string, length: number | undefined): FileSnapshot | string | undefined {
    const source = openBytesSync(path, length, true);
    return typeof source === 'object' ? new FileSnapshot(source) : source;
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
    return new FileSnapshot(this.source, this.loaded);
  }

  /** For a person: which bytes of which file. */
  place(range: ByteRange): string {
    return this.source.place(range);
  }

  /** What all reads have cost so far. */
  get bytesLoaded(): number {
    return this.loaded.bytes;
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private async load(offset: number, end: number): Promise<Buffer> {
    const length = Math.min(Math.max(end - offset, READ_AHEAD_BYTES), this.size - offset);
    const bytes = Buffer.allocUnsafeSlow(length);
    await this.source.fill(bytes, offset);
    this.loaded.bytes += length;
    this.window = bytes;
    this.windowStart = offset;
    return bytes;
  }
}
