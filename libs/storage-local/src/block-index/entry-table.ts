import { EntryView, entryBytes } from './index-layout.js';

/**
 * Entries of an index in memory, as they are in its file. Only ever appended to: what has been read from it stays.
 * Invariant: blocks lie one behind the other from 0 on, and ordinals ascend.
 */
export class EntryTable {
  readonly stream: number;
  length = 0;
  private readonly entryBytes: number;
  private bytes: Buffer;
  /** Rows before each entry, and of all. */
  private rows: Float64Array;

  constructor(stream: number) {
    this.stream = stream;
    this.entryBytes = entryBytes(stream);
    this.bytes = Buffer.alloc(0);
    this.rows = new Float64Array(1);
  }

  /** Takes entries as long as they are right; tells how many it took. */
  push(entries: Buffer): number {
    const count = Math.floor(entries.length / this.entryBytes);
    this.makeRoom(count);
    const before = this.length;
    let end = this.end;
    let lastOrdinal = this.lastOrdinal;
    for (let i = 0; i < count; i++) {
      const entry = new EntryView(entries, i * this.entryBytes, this.stream);
      if (!entry.isRight() || entry.offset !== end || entry.firstOrdinal <= lastOrdinal) break;
      ({ end, lastOrdinal } = entry);
      entries.copy(this.bytes, this.length * this.entryBytes, entry.at, entry.at + this.entryBytes);
      this.rows[this.length + 1] = this.rows[this.length] + entry.rows;
      this.length++;
    }
    return this.length - before;
  }

  entry(index: number): EntryView {
    if (index < 0 || index >= this.length) throw new RangeError(`block ${index} of ${this.length}`);
    return new EntryView(this.bytes, index * this.entryBytes, this.stream);
  }

  rowsBefore(index: number): number {
    return this.rows[index];
  }

  /** Bytes of the data file that it covers. */
  get end(): number {
    return this.endOf(this.length);
  }

  /** Where the first so many blocks end. */
  endOf(count: number): number {
    return count === 0 ? 0 : this.entry(count - 1).end;
  }

  /** Of the last block; -1n: there is none. */
  get lastOrdinal(): bigint {
    return this.length === 0 ? -1n : this.entry(this.length - 1).lastOrdinal;
  }

  /** How many blocks lie within the first `size` bytes. */
  countWithin(size: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.endOf(middle) <= size) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  get byteLength(): number {
    return this.bytes.length + this.rows.byteLength;
  }

  private makeRoom(count: number): void {
    const least = this.length + count;
    if (least * this.entryBytes <= this.bytes.length) return;
    const capacity = this.length === 0 ? least : Math.max(least, 2 * this.length);
    const bytes = Buffer.alloc(capacity * this.entryBytes);
    this.bytes.copy(bytes);
    const rows = new Float64Array(capacity + 1);
    rows.set(this.rows);
    this.bytes = bytes;
    this.rows = rows;
  }
}
