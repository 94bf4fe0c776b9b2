import type { BlockRows } from '../block/block-rows.js';
import { ROW_TEXT_OVERHEAD_BYTES } from '../limits.js';
import type { RowBuffer } from './row-buffer.js';
import type { Run } from './runs.js';

/** Rows that have left the tail and are not in their files. */
export type Part = MemoryPart | RunPart;

export interface MemoryPart {
  readonly kind: 'memory';
  readonly buffer: RowBuffer;
}

export interface RunPart {
  readonly kind: 'run';
  readonly run: Run;
  /** Of the piece. */
  readonly index: number;
}

export function partRows(part: Part): number {
  return part.kind === 'memory' ? part.buffer.length : part.run.directory.rows(part.index);
}

export function partBytes(part: Part): number {
  return part.kind === 'memory' ? part.buffer.bytesUsed : part.run.directory.messageBytes(part.index);
}

export function partFirst(part: Part): bigint {
  return part.kind === 'memory' ? part.buffer.firstOrdinal : part.run.directory.firstOrdinal(part.index);
}

/** About what the rows have as text. */
export function partTextBytes(part: Part): number {
  return partBytes(part) + partRows(part) * ROW_TEXT_OVERHEAD_BYTES;
}

export function loadPart(part: Part): Promise<BlockRows> {
  return part.kind === 'memory' ? Promise.resolve(part.buffer.rows()) : part.run.load(part.index);
}
