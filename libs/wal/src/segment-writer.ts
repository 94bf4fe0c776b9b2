import { join } from 'node:path';
import type { Disk, DiskFile } from './disk.js';
import { segmentName } from './file-names.js';
import { markNewest } from './newest-mark.js';
import { encodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js';
import { writeAll } from './write-all.js';

export type SegmentStart = Omit<SegmentHeader, 'isRecycled'>;

/** The newest segment, which is written to. Once anything of it fails, it must not be used again. */
export class SegmentWriter {
  readonly path: string;
  readonly firstPosition: bigint;
  readonly previousEnd: bigint;
  readonly isRecycled: boolean;
  private readonly file: DiskFile;
  private readonly place: { readonly disk: Disk; readonly directory: string };
  private offset: number;
  private isNew = true;

  private constructor(
    path: string,
    { firstPosition, previousEnd, isRecycled }: SegmentHeader,
    file: DiskFile,
    place: { readonly disk: Disk; readonly directory: string },
  ) {
    this.path = path;
    this.firstPosition = firstPosition;
    this.previousEnd = previousEnd;
    this.isRecycled = isRecycled;
    this.file = file;
    this.place = place;
    this.offset = 0;
  }

  /** A new file with its header; durable, like its name, with the first `sync`. */
  static async create(disk: Disk, directory: string, start: SegmentStart): Promise<SegmentWriter> {
    const header = { ...start, isRecycled: false };
    const path = join(directory, segmentName(header.firstPosition));
    const file = await disk.create(path);
    const writer = new SegmentWriter(path, header, file, { disk, directory });
    try {
      await writer.write([encodeSegmentHeader(header)]);
      return writer;
    } catch (error) {
      await writer.close().catch(() => undefined);
      // On a full disk, each attempt would leave a file.
      await disk.remove(path).catch(() => undefined);
      throw error;
    }
  }

  /**
   * A file that was a segment before, written from its beginning: its space and its pages in memory are there already. It has
   * its new header before its new name, so that no name is ever found with an old one.
   */
  static async recycle(
    disk: Disk,
    directory: string,
    start: SegmentStart,
    spare: string,
  ): Promise<SegmentWriter> {
    const header = { ...start, isRecycled: true };
    const path = join(directory, segmentName(header.firstPosition));
    const file = await disk.open(spare);
    const writer = new SegmentWriter(path, header, file, { disk, directory });
    try {
      await writer.write([encodeSegmentHeader(header)]);
      await file.sync();
      await disk.rename(spare, path);
      return writer;
    } catch (error) {
      await writer.close().catch(() => undefined);
      throw error;
    }
  }

  /** Position behind the last byte written. */
  get end(): bigint {
    return this.firstPosition + BigInt(this.offset - SEGMENT_HEADER_BYTES);
  }

  get bytes(): number {
    return this.offset;
  }

  /** Appends the buffers, in as many calls as it takes. */
  async write(buffers: readonly Uint8Array[]): Promise<void> {
    await writeAll(this.file, buffers, this.offset, (bytes) => (this.offset += bytes));
  }

  async sync(): Promise<void> {
    await this.file.sync();
    if (!this.isNew) return;
    const { disk, directory } = this.place;
    await disk.syncDirectory(directory);
    this.isNew = false;
    await markNewest(disk, directory, this.firstPosition);
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
