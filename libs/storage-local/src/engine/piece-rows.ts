import type { BlockRows } from '../block/block-rows.js';
import { COLUMN_BYTES, columnParts, readColumns } from './row-columns.js';

/** Of a row in a run besides its message: columns and ordinal. */
export const RUN_ROW_BYTES = COLUMN_BYTES + 8;

/** What a piece has behind its header. */
export function pieceParts(rows: BlockRows): Uint8Array[] {
  const { buffer, byteOffset, byteLength } = rows.ordinals;
  return [...columnParts(rows), new Uint8Array(buffer, byteOffset, byteLength), rows.bytes];
}

/** Of `pieceParts`, for which a checksum has to vouch. Undefined when a row is not inside the bytes. The messages are not copied. */
export function readPieceRows(
  bytes: Uint8Array<ArrayBuffer>,
  rows: number,
  messageBytes: number,
): BlockRows | undefined {
  const columns = readColumns(bytes, 0, rows, messageBytes);
  if (!columns) return undefined;
  const from = rows * COLUMN_BYTES;
  const ordinalsAt = bytes.byteOffset + from;
  const ordinals = new BigUint64Array(bytes.buffer.slice(ordinalsAt, ordinalsAt + rows * 8));
  return { ...columns, ordinals, bytes: bytes.subarray(from + rows * 8) };
}
