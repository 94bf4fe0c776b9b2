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

  pick(rows: readonly number[]): RowTable {
    const jobIds: string[] = [];
    const indexes = new Map<number, number>();
    const jobOfRow = Uint32Array.from(rows, (row) => {
      const job = this.jobOfRow[row];
      let index = indexes.get(job);
      if (index === undefined) {
        index = jobIds.push(this.jobIds[job]) - 1;
        indexes.set(job, index);
      }
      return index;
    });
    return new RowTable(
      jobIds,
      jobOfRow,
      Uint32Array.from(rows, (row) => this.starts[row]),
      Uint32Array.from(rows, (row) => this.ends[row]),
      BigInt64Array.from(rows, (row) => this.timestamps[row]),
      this.ordinals && BigUint64Array.from(rows, (row) => this.ordinals![row]),
    );
  }
}
