import type { RowTable } from './row-table.js';

/** A row while it is made. */
export type Mutable<Row> = { -readonly [Key in keyof Row]: Row[Key] };

/**
 * Rows of one kind, of any number of jobs, in their wire form; decoded only when iterated. The row table has each
 * row's job id, time and ordinal: these override what the bytes say. A batch never changes, nor may its bytes or
 * those of its rows be changed by whoever has it: stores, readers and `pick` share them.
 */
export abstract class RowBatch<Row> implements Iterable<Row> {
  /** The serialised messages, row i at [start(i), end(i)). What lies between rows means nothing. */
  readonly bytes: Uint8Array;
  /** For stores that copy whole columns. */
  readonly table: RowTable;

  constructor(bytes: Uint8Array, table: RowTable) {
    this.bytes = bytes;
    this.table = table;
  }

  get length(): number {
    return this.table.starts.length;
  }

  /** Bytes of the rows in their wire form. */
  get byteLength(): number {
    let sum = 0;
    for (let row = 0; row < this.length; row++) sum += this.table.ends[row] - this.table.starts[row];
    return sum;
  }

  /** The jobs that have rows here, each once, in the order of their first rows. */
  get jobIds(): readonly string[] {
    return this.table.jobIds;
  }

  start(row: number): number {
    return this.table.starts[row];
  }

  end(row: number): number {
    return this.table.ends[row];
  }

  jobId(row: number): string {
    return this.table.jobIds[this.table.jobOfRow[row]];
  }

  /** Unix nanoseconds. */
  timestamp(row: number): bigint {
    return this.table.timestamps[row];
  }

  /** Only what a store reads has ordinals: all rows of the batch, or none. */
  ordinal(row: number): bigint | undefined {
    return this.table.ordinals?.[row];
  }

  abstract row(index: number): Row;

  *[Symbol.iterator](): Generator<Row> {
    for (let row = 0; row < this.length; row++) yield this.row(row);
  }

  /** The numbers of each job's rows, in order. */
  protected rowsByJob(): number[][] {
    const rows: number[][] = this.table.jobIds.map(() => []);
    for (let row = 0; row < this.length; row++) rows[this.table.jobOfRow[row]].push(row);
    return rows;
  }
}
