import type { BlockRows } from '../block/block-rows.js';
import { ROW_TEXT_OVERHEAD_BYTES } from '../limits.js';
import type { RowBuffer } from './row-buffer.js';
import type { Run, RunPiece } from './runs.js';

/** Rows that have left the tail and are not in their files. */
export type Part = MemoryPart | RunPart;

export interface MemoryPart {
  readonly kind: 'memory';
  readonly rows: BlockRows;
  /** Whose rows they are. */
  readonly buffer: RowBuffer;
  /** Of the log record that brought the oldest of them. */
  readonly position: bigint;
  readonly heldBytes: number;
}

export interface RunPart {
  readonly kind: 'run';
  readonly run: Run;
  readonly piece: RunPiece;
}

export function partRows(part: Part): number {
  return part.kind === 'memory' ? part.rows.starts.length : part.piece.rows;
}

export function partBytes(part: Part): number {
  return part.kind === 'memory' ? part.rows.bytes.length : part.piece.bytes;
}

export function partFirst(part: Part): bigint {
  return part.kind === 'memory' ? part.rows.ordinals[0] : part.piece.firstOrdinal;
}

/** About what the rows have as text. */
export function partTextBytes(part: Part): number {
  return partBytes(part) + partRows(part) * ROW_TEXT_OVERHEAD_BYTES;
}

export function loadPart(part: Part): Promise<BlockRows> {
  return part.kind === 'memory' ? Promise.resolve(part.rows) : part.run.load(part.piece);
}
