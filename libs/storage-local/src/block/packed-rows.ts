import type { BlockRows } from './block-rows.js';

/** BlockRows in one buffer of their own that can go to another thread: times, ordinals, starts, ends, then the bytes. */
export interface PackedRows {
  readonly count: number;
  readonly buffer: ArrayBuffer;
}

const TABLE_BYTES_PER_ROW = 24;

/** Copies the rows, and of `bytes` only what is theirs. */
export function packRows({ bytes, starts, ends, timestamps, ordinals }: BlockRows): PackedRows {
  const count = starts.length;
  let byteLength = 0;
  for (let row = 0; row < count; row++) byteLength += ends[row] - starts[row];
  // Unlike new ArrayBuffer, not filled with zeros first.
  const { buffer } = Buffer.allocUnsafeSlow(count * TABLE_BYTES_PER_ROW + byteLength);
  const packed = { count, buffer };
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

export function unpackRows({ count, buffer }: PackedRows): BlockRows {
  return {
    timestamps: new BigInt64Array(buffer, 0, count),
    ordinals: new BigUint64Array(buffer, 8 * count, count),
    starts: new Uint32Array(buffer, 16 * count, count),
    ends: new Uint32Array(buffer, 20 * count, count),
    bytes: new Uint8Array(buffer, TABLE_BYTES_PER_ROW * count),
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
