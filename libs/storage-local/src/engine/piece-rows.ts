import type { BlockRows } from '../block/block-rows.js';
import { COLUMN_BYTES, readColumns } from './row-columns.js';

/** Of a row in a run besides its message: columns and ordinal. */
export const RUN_ROW_BYTES = COLUMN_BYTES + 8;

/** What a piece has behind its header, but for the messages. */
export function writePieceColumns(
  bytes: Uint8Array,
  { timestamps, starts, ends, ordinals }: BlockRows,
  offset: number,
): void {
  let at = offset;
  for (const { buffer, byteOffset, byteLength } of [timestamps, starts, ends, ordinals]) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
}

/** Of what is behind the header, for which a checksum has to vouch. Undefined when a row is not inside the bytes. The messages are not copied. */
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
