import { decodeLogLine, decodeMetric, encodeLogLine, encodeMetric, type MetricData } from '@joblet/wire';
import { LogBatchBuilder, MetricBatchBuilder } from './batch-builder.js';
import type { RowTable } from './row-table.js';

export interface NewLogRow {
  readonly jobId: string;
  /** 1 stdout, 2 stderr; other numbers are kept and count as stdout. */
  readonly stream: number;
  /** Unix nanoseconds. */
  readonly timestamp: bigint;
  readonly sequence?: bigint;
  readonly content: Uint8Array;
}

export interface LogRow extends Required<NewLogRow> {
  /** The store's number of the row within the job; absent until it is stored. */
  readonly ordinal?: bigint;
}

export interface NewMetricRow {
  readonly jobId: string;
  /** Unix nanoseconds. */
  readonly timestamp: bigint;
  readonly sequence?: bigint;
  readonly data?: MetricData;
}

export interface MetricRow extends NewMetricRow {
  readonly sequence: bigint;
  /** The store's number of the row within the job; absent until it is stored. */
  readonly ordinal?: bigint;
}

/**
 * Rows of one kind, of any number of jobs, in their wire form; decoded only when iterated. The row table has each
 * row's job id, time and ordinal: these override what the bytes say.
 */
abstract class RowBatch<Row> implements Iterable<Row> {
  /** The serialised messages, row i at [starts[i], ends[i]). What lies between rows means nothing. */
  readonly bytes: Uint8Array;
  protected readonly table: RowTable;

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

  /** The jobs that have rows here, each once. */
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

  timestamp(row: number): bigint {
    return this.table.timestamps[row];
  }

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

/** Log rows; see RowBatch for what it is made of. `LogBatch.from(rows)` and `for (const row of batch)` are enough. */
export class LogBatch extends RowBatch<LogRow> {
  readonly kind = 'logs';

  /** Throws INVALID_ARGUMENT for a job id that is not valid. */
  static from(rows: Iterable<NewLogRow>): LogBatch {
    const builder = new LogBatchBuilder();
    for (const row of rows) {
      const bytes = encodeLogLine({ ...row, sequence: row.sequence ?? 0n });
      builder.add(row, bytes, 0, bytes.length);
    }
    return builder.build();
  }

  row(index: number): LogRow {
    const { stream, sequence, content } = decodeLogLine(this.bytes, this.start(index), this.end(index));
    const row = { jobId: this.jobId(index), stream, timestamp: this.timestamp(index), sequence, content };
    const ordinal = this.ordinal(index);
    return ordinal === undefined ? row : { ...row, ordinal };
  }

  /** One batch for each job, sharing these bytes. */
  *byJob(): Generator<[jobId: string, batch: LogBatch]> {
    if (this.jobIds.length === 1) return yield [this.jobIds[0], this];
    for (const rows of this.rowsByJob()) yield [this.jobId(rows[0]), this.pick(rows)];
  }

  /** Only the rows with these numbers (ascending, each once), sharing these bytes. */
  pick(rows: readonly number[]): LogBatch {
    if (rows.length === this.length) return this;
    return new LogBatch(this.bytes, this.table.pick(rows));
  }
}

/** Metric rows; see RowBatch for what it is made of. */
export class MetricBatch extends RowBatch<MetricRow> {
  readonly kind = 'metrics';

  /** Throws INVALID_ARGUMENT for a job id that is not valid. */
  static from(rows: Iterable<NewMetricRow>): MetricBatch {
    const builder = new MetricBatchBuilder();
    for (const row of rows) {
      const bytes = encodeMetric({ ...row, sequence: row.sequence ?? 0n });
      builder.add(row, bytes, 0, bytes.length);
    }
    return builder.build();
  }

  row(index: number): MetricRow {
    const metric = decodeMetric(this.bytes, this.start(index), this.end(index));
    const row = { ...metric, jobId: this.jobId(index), timestamp: this.timestamp(index) };
    const ordinal = this.ordinal(index);
    return ordinal === undefined ? row : { ...row, ordinal };
  }

  /** One batch for each job, sharing these bytes. */
  *byJob(): Generator<[jobId: string, batch: MetricBatch]> {
    if (this.jobIds.length === 1) return yield [this.jobIds[0], this];
    for (const rows of this.rowsByJob()) yield [this.jobId(rows[0]), this.pick(rows)];
  }

  /** Only the rows with these numbers (ascending, each once), sharing these bytes. */
  pick(rows: readonly number[]): MetricBatch {
    if (rows.length === this.length) return this;
    return new MetricBatch(this.bytes, this.table.pick(rows));
  }
}
