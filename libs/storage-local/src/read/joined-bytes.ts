import type { ByteSource } from './byte-source.js';
import { closeAll } from './close-all.js';
import type { ByteRange } from './member.js';

/** Sources, one behind the other, as if they were one file. */
export class JoinedBytes implements ByteSource {
  readonly path: string;
  readonly size: number;
  private readonly parts: readonly ByteSource[];
  /** Where each part begins. */
  private readonly starts: readonly number[];

  constructor(path: string, parts: readonly ByteSource[]) {
    this.path = path;
    this.parts = parts;
    const starts: number[] = [];
    let size = 0;
    for (const part of parts) {
      starts.push(size);
      size += part.size;
    }
    this.starts = starts;
    this.size = size;
  }

  async fill(target: Buffer, offset: number): Promise<void> {
    let index = this.partAt(offset);
    for (let filled = 0; filled < target.length; index++) {
      const part = this.parts[index];
      const from = offset + filled - this.starts[index];
      const end = Math.min(target.length, filled + part.size - from);
      await part.fill(target.subarray(filled, end), from);
      filled = end;
    }
  }

  /** What goes beyond the part that it begins in is told as a range of that part. */
  place({ start, end }: ByteRange): string {
    const index = this.partAt(start);
    const partStart = this.starts[index];
    return this.parts[index].place({ start: start - partStart, end: end - partStart });
  }

  async close(): Promise<void> {
    await closeAll(this.parts);
  }

  private partAt(offset: number): number {
    let low = 0;
    for (let high = this.starts.length - 1; low < high;) {
      const middle = (low + high + 1) >>> 1;
      if (this.starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
