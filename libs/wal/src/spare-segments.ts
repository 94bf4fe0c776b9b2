import { join } from 'node:path';
import type { Disk } from './disk.js';
import { segmentName, spareName } from './file-names.js';
import { SPARES_MAX } from './limits.js';
import { SegmentWriter, type SegmentStart } from './segment-writer.js';

/** A file that is no segment any more, in the directory under another name. */
export interface Spare {
  readonly path: string;
  readonly bytes: number;
}

/** Files of trimmed segments that wait to be written again. */
export class SpareSegments {
  private readonly disk: Disk;
  private readonly directory: string;
  private readonly spares: Spare[] = [];

  constructor(disk: Disk, directory: string) {
    this.disk = disk;
    this.directory = directory;
  }

  get isFull(): boolean {
    return this.spares.length >= SPARES_MAX;
  }

  /** Takes its name from the segment. The spare is to be added when that is durable. */
  async rename({ path, firstPosition, bytes }: SegmentWriter): Promise<Spare> {
    const spare = join(this.directory, spareName(firstPosition));
    await this.disk.rename(path, spare);
    return { path: spare, bytes };
  }

  add(spare: Spare): void {
    this.spares.push(spare);
  }

  /** A new segment in an old one's file; undefined when there is none, or it cannot be used. */
  async take(start: SegmentStart, bytesMax: number): Promise<SegmentWriter | undefined> {
    const spare = this.spares.pop();
    if (spare === undefined) return undefined;
    try {
      if (spare.bytes <= bytesMax)
        return await SegmentWriter.recycle(this.disk, this.directory, start, spare.path);
    } catch {
      // What is wrong with the disk, a new file will tell.
    }
    this.add(spare);
    await this.drop();
    // Perhaps it had its new name already.
    await this.remove(join(this.directory, segmentName(start.firstPosition)));
    return undefined;
  }

  /** Gives their space back. */
  async drop(): Promise<void> {
    for (const { path } of this.spares.splice(0)) await this.remove(path);
  }

  /** What is left is removed when the log is opened. */
  private async remove(path: string): Promise<void> {
    await this.disk.remove(path).catch(() => undefined);
  }
}
