import type { BlockRows } from './block-rows.js';

/** BlockRows in one buffer of their own that can go to another thread: times, ordinals, starts, ends, then the bytes. */
export interface PackedRows {
  readonly count: number;
  /** Of the rows themselves. */
  readonly byteLength: number;
  /** Maybe larger. */
  readonly buffer: ArrayBuffer;
}

const TABLE_BYTES_PER_ROW = 24;

/** Copies the rows, and of `bytes` only what is theirs; into `spare` when it is large enough. */
export function packRows(
  { bytes, starts, ends, timestamps, ordinals }: BlockRows,
  spare?: ArrayBuffer,
): PackedRows {
  const count = starts.length;
  let byteLength = 0;
  for (let row = 0; row < count; row++) byteLength += ends[row] - starts[row];
  const size = count * TABLE_BYTES_PER_ROW + byteLength;
  // Unlike new ArrayBuffer, not filled with zeros first. Some room, so that the next rows fit as well.
  const buffer =
    spare && spare.byteLength >= size ? spare : Buffer.allocUnsafeSlow(Math.ceil(size * 1.25)).buffer;
  const packed = { count, byteLength, buffer };
  const target = unpackRows(packed);
  target.timestamps.set(timestamps);
  target.ordinals.set(ordinals);
  for (let row = 0, end = 0; row < count; row++) {
    target.starts[row] = end;
    target.ends[row] = end += ends[row] - starts[row];
  }
  copyRowBytes({ bytes, starts, ends }, target.bytes);
  return packed;
}

export function unpackRows({ count, byteLength, buffer }: PackedRows): BlockRows {
  return {
    timestamps: new BigInt64Array(buffer, 0, count),
    ordinals: new BigUint64Array(buffer, 8 * count, count),
    starts: new Uint32Array(buffer, 16 * count, count),
    ends: new Uint32Array(buffer, 20 * count, count),
    bytes: new Uint8Array(buffer, TABLE_BYTES_PER_ROW * count, byteLength),
  };
}

/** Copies the bytes of the rows one behind the other, those that lie so already in one go. `target` has room for them. */
export function copyRowBytes(
  { bytes, starts, ends }: Pick<BlockRows, 'bytes' | 'starts' | 'ends'>,
  target: Uint8Array,
): void {
  for (let row = 0, pos = 0; row < starts.length;) {
    const start = starts[row];
    let end = start;
    while (row < starts.length && starts[row] === end) end = ends[row++];
    target.set(bytes.subarray(start, end), pos);
    pos += end - start;
  }
}
