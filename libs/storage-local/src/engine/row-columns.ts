import type { BlockRows } from '../block/block-rows.js';

/** Where rows are and their times: the raw form in the log and in runs, little-endian as on every platform of Node. */
export type RowColumns = Pick<BlockRows, 'starts' | 'ends' | 'timestamps'>;

export const COLUMN_BYTES = 16;

export function columnParts({ timestamps, starts, ends }: RowColumns): Uint8Array[] {
  return [timestamps, starts, ends].map(
    ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
  );
}

/** Copies the columns at `offset`. Undefined when they are not all there, or a row is not inside `bytesLength` bytes. */
export function readColumns(
  payload: Uint8Array,
  offset: number,
  rows: number,
  bytesLength: number,
): RowColumns | undefined {
  if (offset + rows * COLUMN_BYTES > payload.length) return undefined;
  // Not `slice`, which copies nothing when the payload is a Buffer.
  const copy = Uint8Array.from(payload.subarray(offset, offset + rows * COLUMN_BYTES)).buffer;
  const columns = {
    timestamps: new BigInt64Array(copy, 0, rows),
    starts: new Uint32Array(copy, rows * 8, rows),
    ends: new Uint32Array(copy, rows * 12, rows),
  };
  for (let row = 0; row < rows; row++)
    if (columns.starts[row] > columns.ends[row] || columns.ends[row] > bytesLength) return undefined;
  return columns;
}
