import { encodeLogLine, LogLineFields, scanLogLine, uint64FromHalves } from '@joblet/wire';
import { checkNewLogRow } from './check-row.js';
import { RowBatch, type Mutable } from './row-batch.js';
import { RowCollector } from './row-collector.js';

export interface NewLogRow {
  readonly jobId: string;
  /** 1 stdout, 2 stderr; other numbers (int32) are kept and count as stdout. */
  readonly stream: number;
  /** Unix nanoseconds, an int64. */
  readonly timestamp: bigint;
  /** A uint64; absent: 0n. */
  readonly sequence?: bigint;
  readonly content: Uint8Array;
}

export interface LogRow extends Required<NewLogRow> {
  /** The store's number of the row within the job; absent until it is stored. */
  readonly ordinal?: bigint;
}

const fields = new LogLineFields();

/** Log rows; see RowBatch for what it is made of. `LogBatch.from(rows)` and `for (const row of batch)` are enough. */
export class LogBatch extends RowBatch<LogRow> {
  readonly kind = 'logs';

  /** Copies the rows. Throws INVALID_ARGUMENT for a job id or a number that is not valid. */
  static from(rows: Iterable<NewLogRow>): LogBatch {
    const builder = new LogBatchBuilder();
    for (const row of rows) {
      checkNewLogRow(row);
      const { jobId, timestamp } = row;
      const bytes = encodeLogLine({ ...row, sequence: row.sequence ?? 0n });
      builder.add({ jobId, timestamp }, bytes, 0, bytes.length);
    }
    return builder.build();
  }

  stream(row: number): number {
    scanLogLine(this.bytes, this.start(row), this.end(row), fields);
    return fields.stream;
  }

  row(index: number): LogRow {
    scanLogLine(this.bytes, this.start(index), this.end(index), fields);
    const row: Mutable<LogRow> = {
      jobId: this.jobId(index),
      stream: fields.stream,
      timestamp: this.timestamp(index),
      sequence: uint64FromHalves(fields.sequenceLo, fields.sequenceHi),
      content: this.bytes.subarray(fields.contentStart, fields.contentEnd),
    };
    const ordinal = this.ordinal(index);
    if (ordinal !== undefined) row.ordinal = ordinal;
    return row;
  }

  /** One batch for each job, sharing these bytes. */
  *byJob(): Generator<[jobId: string, batch: LogBatch]> {
    if (this.jobIds.length === 1) return yield [this.jobIds[0], this];
    for (const rows of this.rowsByJob()) yield [this.jobId(rows[0]), this.pick(rows)];
  }

  /** The same rows with ordinals from `first` on, sharing these bytes: for a batch of one job. */
  numbered(first: bigint): LogBatch {
    return new LogBatch(this.bytes, this.table.numbered(first));
  }

  /** Only the rows with these numbers (ascending, each once), sharing these bytes. */
  pick(rows: readonly number[]): LogBatch {
    if (rows.length === this.length) return this;
    return new LogBatch(this.bytes, this.table.pick(rows));
  }
}

/** For those who have rows in their wire form (serialised LogLine messages) already. */
export class LogBatchBuilder extends RowCollector {
  build(): LogBatch {
    return new LogBatch(...this.parts());
  }
}
