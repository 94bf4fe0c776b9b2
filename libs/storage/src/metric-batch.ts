import { decodeMetric, encodeMetric, type MetricData } from '@joblet/wire';
import { checkNewMetricRow } from './check-row.js';
import { RowBatch, type Mutable } from './row-batch.js';
import { RowCollector } from './row-collector.js';

export interface NewMetricRow {
  readonly jobId: string;
  /** Unix nanoseconds, an int64. */
  readonly timestamp: bigint;
  /** A uint64; absent: 0n. */
  readonly sequence?: bigint;
  /** Absent is kept apart from empty, here and inside. */
  readonly data?: MetricData;
}

export interface MetricRow extends NewMetricRow {
  readonly sequence: bigint;
  /** The store's number of the row within the job; absent until it is stored. */
  readonly ordinal?: bigint;
}

/** Metric rows; see RowBatch for what it is made of. */
export class MetricBatch extends RowBatch<MetricRow> {
  readonly kind = 'metrics';

  /** Copies the rows. Throws INVALID_ARGUMENT for a job id or a number that is not valid. */
  static from(rows: Iterable<NewMetricRow>): MetricBatch {
    const builder = new MetricBatchBuilder();
    for (const row of rows) {
      checkNewMetricRow(row);
      const { jobId, timestamp } = row;
      const bytes = encodeMetric({ ...row, sequence: row.sequence ?? 0n });
      builder.add({ jobId, timestamp }, bytes, 0, bytes.length);
    }
    return builder.build();
  }

  row(index: number): MetricRow {
    const metric = decodeMetric(this.bytes, this.start(index), this.end(index));
    const row: Mutable<MetricRow> = metric;
    row.jobId = this.jobId(index);
    row.timestamp = this.timestamp(index);
    const ordinal = this.ordinal(index);
    if (ordinal !== undefined) row.ordinal = ordinal;
    return row;
  }

  /** One batch for each job, sharing these bytes. */
  *byJob(): Generator<[jobId: string, batch: MetricBatch]> {
    if (this.jobIds.length === 1) return yield [this.jobIds[0], this];
    for (const rows of this.rowsByJob()) yield [this.jobId(rows[0]), this.pick(rows)];
  }

  /** The same rows with ordinals from `first` on, sharing these bytes: for a batch of one job. */
  numbered(first: bigint): MetricBatch {
    return new MetricBatch(this.bytes, this.table.numbered(first));
  }

  /** Only the rows with these numbers (ascending, each once), sharing these bytes. */
  pick(rows: readonly number[]): MetricBatch {
    if (rows.length === this.length) return this;
    return new MetricBatch(this.bytes, this.table.pick(rows));
  }
}

/** For those who have rows in their wire form (serialised Metric messages) already. */
export class MetricBatchBuilder extends RowCollector {
  build(): MetricBatch {
    return new MetricBatch(...this.parts());
  }
}
