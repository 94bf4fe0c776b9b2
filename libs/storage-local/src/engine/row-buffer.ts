import type { RowTable } from '@joblet/storage';
import type { BlockRows } from '../block/block-rows.js';
import { Slabs } from './slabs.js';
import { BUFFER_BYTES_INITIAL, BUFFER_ROWS_INITIAL, ROW_TEXT_OVERHEAD_BYTES } from '../limits.js';

/** Bytes between two rows that are copied along: fewer calls outweigh them. */
const COPIED_ALONG_BYTES = 16;

/** Where the halves of a 64-bit number are in memory: the lower one first, but on big-endian machines. */
const HI = new Uint8Array(Uint32Array.of(1).buffer)[0];
const LO = 1 - HI;

/** Of a row: time and ordinal 8 each, start and end 4 each. */
const ROW_BYTES = 24;

/** Keeps nothing: for rows that are lent to whoever asks. */
const NO_SLABS = new Slabs(0);

/**
 * The newest rows of one job and kind, in their wire form. Rows are only added: what `rows()` gave stays as it was until
 * `release`. Small at first, since there may be ten thousand of them.
 */
export class RowBuffer {
  /** Of the log record that brought the oldest row. */
  readonly position: bigint;
  private readonly slabs: Slabs;
  private bytes = new Uint8Array(0);
  private used = 0;
  private table = new Uint8Array(0);
  private columns = columnsIn(this.table, 0);
  /** The memory of the ordinals. */
  private ordinalHalves: Uint32Array = new Uint32Array(this.table.buffer);
  private count = 0;
  private isLent = false;

  constructor(position: bigint, slabs = NO_SLABS) {
    this.position = position;
    this.slabs = slabs;
  }

  get length(): number {
    return this.count;
  }

  /** About what the rows have as text. */
  get textBytes(): number {
    return this.used + this.count * ROW_TEXT_OVERHEAD_BYTES;
  }

  /** What the rows take in memory. */
  get heldBytes(): number {
    return this.bytes.length + this.table.length;
  }

  /** Of the rows in their wire form. */
  get bytesUsed(): number {
    return this.used;
  }

  get firstOrdinal(): bigint {
    return this.columns.ordinals[0];
  }

  get lastOrdinal(): bigint {
    return this.columns.ordinals[this.count - 1];
  }

  /**
   * Copies the rows of the table with the numbers `picked[from]` and on (each without `picked`: the row `from` and on), up to `to`, or
   * until there is text for a block; `ordinal` is that of the first. Returns where it stopped.
   */
  add(source: AddedRows, from: number, to: number, ordinal: bigint, textBytesMax: number): number {
    const { table, bytes, picked } = source;
    const added = this.count;
    let next = from;
    while (next < to && (this.count === 0 || this.textBytes < textBytesMax)) {
      const first = picked ? picked[next] : next;
      const start = table.starts[first];
      let end = table.ends[first];
      let rows = 1;
      for (; next + rows < to; rows++) {
        const row = picked ? picked[next + rows] : next + rows;
        const gap = table.starts[row] - end;
        if (gap < 0 || gap > COPIED_ALONG_BYTES) break;
        if (this.textBytes + (end - start) + rows * ROW_TEXT_OVERHEAD_BYTES >= textBytesMax) break;
        end = table.ends[row];
      }
      this.reserve(end - start, rows);
      this.bytes.set(bytes.subarray(start, end), this.used);
      const { starts, ends, timestamps } = this.columns;
      const moved = this.used - start;
      for (let index = 0; index < rows; index++) {
        const row = picked ? picked[next + index] : next + index;
        const at = this.count + index;
        starts[at] = table.starts[row] + moved;
        ends[at] = table.ends[row] + moved;
        timestamps[at] = table.timestamps[row];
      }
      this.count += rows;
      this.used += end - start;
      next += rows;
    }
    numberRows(this.ordinalHalves, added, this.count - added, ordinal);
    return next;
  }

  /** As `rows`, for as long as the caller likes: this memory is never used again. */
  lend(): BlockRows {
    this.isLent = true;
    return this.rows();
  }

  /** Its memory is for others from here on. */
  release(): void {
    this.letGo(this.bytes);
    this.letGo(this.table);
  }

  /** The rows so far. */
  rows(): BlockRows {
    const { starts, ends, timestamps, ordinals } = this.columns;
    return {
      bytes: this.bytes.subarray(0, this.used),
      starts: starts.subarray(0, this.count),
      ends: ends.subarray(0, this.count),
      timestamps: timestamps.subarray(0, this.count),
      ordinals: ordinals.subarray(0, this.count),
    };
  }

  private reserve(byteCount: number, rows: number): void {
    if (this.used + byteCount > this.bytes.length) {
      const size = Math.max(this.bytes.length * 2, this.used + byteCount, BUFFER_BYTES_INITIAL);
      const bytes = this.slabs.take(size);
      bytes.set(this.bytes.subarray(0, this.used));
      this.letGo(this.bytes);
      this.bytes = bytes;
    }
    const { starts, ends, timestamps, ordinals } = this.columns;
    if (this.count + rows <= starts.length) return;
    const wanted = Math.max(starts.length * 2, this.count + rows, BUFFER_ROWS_INITIAL);
    const table = this.slabs.take(wanted * ROW_BYTES);
    const columns = columnsIn(table, Math.floor(table.length / ROW_BYTES));
    columns.starts.set(starts);
    columns.ends.set(ends);
    columns.timestamps.set(timestamps);
    columns.ordinals.set(ordinals);
    this.letGo(this.table);
    this.table = table;
    this.columns = columns;
    const { ordinals: whole } = columns;
    this.ordinalHalves = new Uint32Array(whole.buffer, whole.byteOffset, 2 * whole.length);
  }

  private letGo(slab: Uint8Array<ArrayBuffer>): void {
    if (this.isLent) this.slabs.forget(slab);
    else this.slabs.give(slab);
  }
}

/** Numbers `count` rows from `row` on, without making a bigint for each. */
function numberRows(halves: Uint32Array, row: number, count: number, first: bigint): void {
  let lo = Number(first & 0xffff_ffffn);
  let hi = Number(first >> 32n);
  for (let at = 2 * row; at < 2 * (row + count); at += 2) {
    halves[at + LO] = lo;
    halves[at + HI] = hi;
    if (++lo > 0xffff_ffff) {
      lo = 0;
      hi++;
    }
  }
}

/** Rows of a batch that are added to a buffer. */
export interface AddedRows {
  readonly bytes: Uint8Array;
  readonly table: Pick<RowTable, 'starts' | 'ends' | 'timestamps'>;
  /** Numbers of the rows, ascending. Absent: all. */
  readonly picked?: readonly number[];
}

function columnsFor(rows: number): Omit<BlockRows, 'bytes'> {
  return columnsIn(Buffer.allocUnsafeSlow(rows * ROW_BYTES), rows);
}

/** Of so many rows, in one piece of memory. */
function columnsIn(
  { buffer, byteOffset: at }: Uint8Array<ArrayBuffer>,
  rows: number,
): Omit<BlockRows, 'bytes'> {
  return {
    timestamps: new BigInt64Array(buffer, at, rows),
    ordinals: new BigUint64Array(buffer, at + rows * 8, rows),
    starts: new Uint32Array(buffer, at + rows * 16, rows),
    ends: new Uint32Array(buffer, at + rows * 20, rows),
  };
}

/** The rows of all, one behind the other. */
export function joinRows(all: readonly BlockRows[]): BlockRows {
  if (all.length === 1) return all[0];
  const rows = all.reduce((sum, { starts }) => sum + starts.length, 0);
  const bytes = Buffer.allocUnsafeSlow(all.reduce((sum, part) => sum + part.bytes.length, 0));
  const joined = columnsFor(rows);
  let at = 0;
  let used = 0;
  for (const part of all) {
    bytes.set(part.bytes, used);
    joined.timestamps.set(part.timestamps, at);
    joined.ordinals.set(part.ordinals, at);
    for (let row = 0; row < part.starts.length; row++) {
      joined.starts[at + row] = part.starts[row] + used;
      joined.ends[at + row] = part.ends[row] + used;
    }
    at += part.starts.length;
    used += part.bytes.length;
  }
  return { bytes, ...joined };
}

/** Those of the rows that `wanted` takes, in memory of their own. */
export function pickRows(from: BlockRows, wanted: (row: number) => boolean): BlockRows {
  return takeRows(from, [...from.starts.keys()].filter(wanted));
}

/** Those of the rows that `wanted` takes, by ordinal, each once, in memory of their own. */
export function inOrder(from: BlockRows, wanted: (row: number) => boolean): BlockRows {
  const { ordinals } = from;
  const numbers = [...ordinals.keys()].sort((a, b) => (ordinals[a] < ordinals[b] ? -1 : 1));
  const isFirst = (row: number, at: number): boolean =>
    at === 0 || ordinals[row] !== ordinals[numbers[at - 1]];
  return takeRows(
    from,
    numbers.filter((row, at) => isFirst(row, at) && wanted(row)),
  );
}

/** The rows with these numbers, in their order, in memory of their own. */
export function takeRows(from: BlockRows, numbers: readonly number[]): BlockRows {
  const picked = columnsFor(numbers.length);
  const bytes = new Uint8Array(numbers.reduce((sum, row) => sum + from.ends[row] - from.starts[row], 0));
  let used = 0;
  numbers.forEach((row, at) => {
    bytes.set(from.bytes.subarray(from.starts[row], from.ends[row]), used);
    picked.starts[at] = used;
    picked.ends[at] = used += from.ends[row] - from.starts[row];
    picked.timestamps[at] = from.timestamps[row];
    picked.ordinals[at] = from.ordinals[row];
  });
  return { bytes, ...picked };
}
