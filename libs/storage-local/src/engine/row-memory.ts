import { SLABS_KEPT } from '../limits.js';
import type { Area } from './job-table.js';
import type { MemoryPart } from './part.js';
import { RowBuffer, type AddedRows } from './row-buffer.js';
import { Slabs } from './slabs.js';

/** Counts what the rows of all jobs take that are in no file yet. */
export class RowMemory {
  private readonly blockBytes: number;
  private readonly slabs: Slabs;
  /** Bytes of all tails and memory parts. */
  held = 0;
  /** Bytes of the tails alone: what is not on its way to a file yet. */
  tails = 0;

  /** `bytesMax`: what rows may take; so much, and what the last write brings beyond it, is kept to be used again. */
  constructor(blockBytes: number, bytesMax: number) {
    this.blockBytes = blockBytes;
    this.slabs = new Slabs(bytesMax * SLABS_KEPT);
  }

  /** Adds rows to the tail; each time that it has a block, it becomes a part. Returns whether it did. */
  add(area: Area, source: AddedRows, count: number, firstOrdinal: bigint, position: bigint): boolean {
    let hasBlock = false;
    const textBytes = this.blockBytes / area.textRatio;
    for (let at = 0; at < count;) {
      const tail = (area.tail ??= new RowBuffer(position, this.slabs));
      const before = tail.heldBytes;
      at = tail.add(source, at, count, firstOrdinal + BigInt(at), textBytes);
      this.held += tail.heldBytes - before;
      this.tails += tail.heldBytes - before;
      if (tail.textBytes < textBytes && at === count) break;
      this.freeze(area);
      hasBlock = true;
    }
    return hasBlock;
  }

  /** The tail becomes a part. */
  freeze(area: Area): void {
    const { tail } = area;
    if (!tail) return;
    area.tail = undefined;
    this.tails -= tail.heldBytes;
    area.parts.push({ kind: 'memory', buffer: tail });
  }

  /** The part is the area's no more; somebody may still be reading its rows. */
  dropped(part: MemoryPart): void {
    this.held -= part.buffer.heldBytes;
  }

  /** As `dropped`, and nobody uses the rows but those to whom they were lent. */
  released(part: MemoryPart): void {
    this.dropped(part);
    part.buffer.release();
  }
}

/** Bytes that the area has in memory. */
export function memoryBytes(area: Area): number {
  return area.parts.reduce(
    (sum, part) => sum + (part.kind === 'memory' ? part.buffer.heldBytes : 0),
    area.tail?.heldBytes ?? 0,
  );
}

/** Of the oldest record of the log that has a row which is only in memory. */
export function oldestPosition(area: Area): bigint | undefined {
  let oldest = area.tail?.position;
  for (const part of area.parts) {
    if (part.kind !== 'memory') continue;
    const { position } = part.buffer;
    if (oldest === undefined || position < oldest) oldest = position;
  }
  return oldest;
}
