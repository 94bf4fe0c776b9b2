/** Parts of a block for which rows, bytes and times are known apart: histograms need no inflating. */
export const PARTS = 16;

/** Fields of a metric row, in the order of the proto: cpu, memory, gpu, 4 of the disk, 4 of the network. */
export const METRIC_FIELDS = 11;

/** What an index knows of the rows of a block, wherever the block lies. */
export interface BlockSummary {
  readonly rows: number;
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
  /** Unix nanoseconds, oldest and newest. */
  readonly timeMin: bigint;
  readonly timeMax: bigint;
  /** 0n for metrics. */
  readonly contentBytes: bigint;
  /** Of the member, as it is in the file. */
  readonly memberCrc32c: number;
  /**
   * The rows in 16 equal parts (row i is in part floor(i * 16 / rows)): how many, how many bytes of content, and the oldest and
   * newest time of each (at 2 * part and 2 * part + 1; 0 where a part has no row).
   */
  readonly partRows: Uint32Array;
  readonly partBytes: Float64Array;
  readonly partTimes: BigInt64Array;
  /** Only of metrics. */
  readonly fields: readonly FieldSummary[] | undefined;
}

/** Of one field over the rows that have it. `sum` of integers is exact. */
export interface FieldSummary {
  readonly count: number;
  readonly min: number | bigint;
  readonly max: number | bigint;
  readonly sum: number | bigint;
}
