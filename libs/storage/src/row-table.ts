/** Where each row of a batch is and what overrides its bytes. All columns have the same length. */
export class RowTable {
  readonly jobIds: readonly string[];
  /** Indexes into `jobIds`. */
  readonly jobOfRow: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Unix nanoseconds. */
  readonly timestamps: BigInt64Array;
  readonly ordinals: BigUint64Array | undefined;

  constructor(
    jobIds: readonly string[],
    jobOfRow: Uint32Array,
    starts: Uint32Array,
    ends: Uint32Array,
    timestamps: BigInt64Array,
    ordinals: BigUint64Array | undefined,
  ) {
    this.jobIds = jobIds;
    this.jobOfRow = jobOfRow;
    this.starts = starts;
    this.ends = ends;
    this.timestamps = timestamps;
    this.ordinals = ordinals;
  }

  /** The same rows with ordinals from `first` on. */
  numbered(first: bigint): RowTable {
    const ordinals = BigUint64Array.from(this.starts, (_, row) => first + BigInt(row));
    return new RowTable(this.jobIds, this.jobOfRow, this.starts, this.ends, this.timestamps, ordinals);
  }

  /** Only these rows, and only the jobs that have some of them. */
  pick(rows: readonly number[]): RowTable {
    const count = rows.length;
    const jobIds: string[] = [];
    const indexes = new Map<number, number>();
    const jobOfRow = new Uint32Array(count);
    const starts = new Uint32Array(count);
    const ends = new Uint32Array(count);
    const timestamps = new BigInt64Array(count);
    const ordinals = this.ordinals && new BigUint64Array(count);
    for (let to = 0; to < count; to++) {
      const from = rows[to];
      const job = this.jobOfRow[from];
      let index = indexes.get(job);
      if (index === undefined) {
        index = jobIds.push(this.jobIds[job]) - 1;
        indexes.set(job, index);
      }
      jobOfRow[to] = index;
      starts[to] = this.starts[from];
      ends[to] = this.ends[from];
      timestamps[to] = this.timestamps[from];
      if (ordinals && this.ordinals) ordinals[to] = this.ordinals[from];
    }
    return new RowTable(jobIds, jobOfRow, starts, ends, timestamps, ordinals);
  }
}
