import { LogBatch, MetricBatch } from './batch.js';
import { checkJobId } from './job-id.js';
import { RowTable } from './row-table.js';

/** What a batch's row table has of a row; it overrides the row's bytes. */
export interface RowSlot {
  readonly jobId: string;
  /** Unix nanoseconds. */
  readonly timestamp: bigint;
  /** Only what a store reads has one; all rows of a batch or none. */
  readonly ordinal?: bigint;
}

const BYTES_INITIAL = 16 * 1024;
const ROWS_INITIAL = 64;

/** Collects rows in their wire form: the bytes are copied once, one behind the other. */
class BatchBuilder {
  private bytes = Buffer.allocUnsafeSlow(BYTES_INITIAL);
  private used = 0;
  private rows = 0;
  private readonly jobIds: string[] = [];
  private readonly jobIndexes = new Map<string, number>();
  private jobOfRow = new Uint32Array(ROWS_INITIAL);
  private starts = new Uint32Array(ROWS_INITIAL);
  private ends = new Uint32Array(ROWS_INITIAL);
  private timestamps = new BigInt64Array(ROWS_INITIAL);
  private ordinals: BigUint64Array | undefined;

  get length(): number {
    return this.rows;
  }

  get byteLength(): number {
    return this.used;
  }

  /**
   * Copies the message in `bytes[start, end)`. The caller has made sure that it decodes. Throws INVALID_ARGUMENT for
   * a job id that is not valid.
   */
  add(slot: RowSlot, bytes: Uint8Array, start: number, end: number): void {
    const job = this.jobIndex(slot.jobId);
    this.reserve(end - start);
    const row = this.rows;
    this.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.used);
    this.jobOfRow[row] = job;
    this.starts[row] = this.used;
    this.ends[row] = this.used += end - start;
    this.timestamps[row] = slot.timestamp;
    if (slot.ordinal !== undefined) {
      if (this.ordinals === undefined || this.ordinals.length < this.starts.length) {
        this.ordinals = grown(this.ordinals ?? new BigUint64Array(0), this.starts.length);
      }
      this.ordinals[row] = slot.ordinal;
    }
    this.rows++;
  }

  /** The parts of a batch; the builder must not be used after. */
  protected parts(): [bytes: Uint8Array, table: RowTable] {
    const { rows } = this;
    const table = new RowTable(
      this.jobIds,
      this.jobOfRow.subarray(0, rows),
      this.starts.subarray(0, rows),
      this.ends.subarray(0, rows),
      this.timestamps.subarray(0, rows),
      this.ordinals?.subarray(0, rows),
    );
    return [this.bytes.subarray(0, this.used), table];
  }

  private jobIndex(jobId: string): number {
    const known = this.jobIndexes.get(jobId);
    if (known !== undefined) return known;
    checkJobId(jobId);
    const index = this.jobIds.push(jobId) - 1;
    this.jobIndexes.set(jobId, index);
    return index;
  }

  private reserve(byteCount: number): void {
    if (this.used + byteCount > this.bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.used + byteCount));
      this.bytes.copy(bytes, 0, 0, this.used);
      this.bytes = bytes;
    }
    if (this.rows < this.starts.length) return;
    const rowsMax = this.starts.length * 2;
    this.jobOfRow = grown(this.jobOfRow, rowsMax);
    this.starts = grown(this.starts, rowsMax);
    this.ends = grown(this.ends, rowsMax);
    this.timestamps = grown(this.timestamps, rowsMax);
  }
}

export class LogBatchBuilder extends BatchBuilder {
  build(): LogBatch {
    return new LogBatch(...this.parts());
  }
}

export class MetricBatchBuilder extends BatchBuilder {
  build(): MetricBatch {
    return new MetricBatch(...this.parts());
  }
}

function grown<Column extends Uint32Array | BigInt64Array | BigUint64Array>(
  column: Column,
  length: number,
): Column {
  const larger = new (column.constructor as new (length: number) => Column)(length);
  larger.set(column as never);
  return larger;
}
