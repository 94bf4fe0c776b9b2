import { checkJobId } from './job-id.js';
import { BATCH_SIZE_MAX } from './limits.js';
import { RowTable } from './row-table.js';
import { StorageError } from './storage-error.js';

/** What a batch's row table has of a row; it overrides the row's bytes. */
export interface RowSlot {
  readonly jobId: string;
  /** Unix nanoseconds, an int64. */
  readonly timestamp: bigint;
  /** Only what a store reads has one; all rows of a batch or none. */
  readonly ordinal?: bigint;
}

/** How large a batch will be, about: it need not grow then. More and fewer are right as well. */
export interface ExpectedSize {
  readonly rows: number;
  readonly bytes: number;
}

const BYTES_INITIAL = 16 * 1024;
const ROWS_INITIAL = 64;

/** Where the halves of a 64-bit number are in memory: the lower one first, but on big-endian machines. */
const HI = new Uint8Array(Uint32Array.of(1).buffer)[0];
const LO = 1 - HI;

/**
 * Collects rows in their wire form: the bytes are copied once, one behind the other. Invariant: all columns have
 * the same length, at least `rows`; `ordinals` is there if, and only if, the first row had one; `timeHalves` is the
 * memory of `timestamps`.
 */
export abstract class RowCollector {
  private bytes: Buffer;
  private used = 0;
  private rows = 0;
  private jobIds: string[] = [];
  private readonly jobIndexes = new Map<string, number>();
  private lastJobId: string | undefined;
  private lastJobIndex = 0;
  private jobOfRow: Uint32Array;
  private starts: Uint32Array;
  private ends: Uint32Array;
  private timestamps: BigInt64Array;
  private timeHalves: Uint32Array;
  private ordinals: BigUint64Array | undefined;

  constructor(expected: ExpectedSize = { rows: 0, bytes: 0 }) {
    const rows = Math.max(expected.rows, ROWS_INITIAL);
    this.bytes = Buffer.allocUnsafeSlow(Math.max(expected.bytes, BYTES_INITIAL));
    this.jobOfRow = new Uint32Array(rows);
    this.starts = new Uint32Array(rows);
    this.ends = new Uint32Array(rows);
    this.timestamps = new BigInt64Array(rows);
    this.timeHalves = new Uint32Array(this.timestamps.buffer);
  }

  get length(): number {
    return this.rows;
  }

  get byteLength(): number {
    return this.used;
  }

  /**
   * Copies the message in `bytes[start, end)`. The caller has made sure that it decodes. Throws INVALID_ARGUMENT,
   * and adds nothing, for a job id that is not valid and for what would make the batch larger than
   * `limits.BATCH_SIZE_MAX`.
   */
  add(slot: RowSlot, bytes: Uint8Array, start: number, end: number): void {
    const row = this.rows;
    if (row === 0) {
      this.ordinals = slot.ordinal === undefined ? undefined : new BigUint64Array(this.starts.length);
    }
    if ((slot.ordinal === undefined) !== (this.ordinals === undefined)) {
      throw this.mixedOrdinals(slot.jobId);
    }
    this.append(slot.jobId, bytes, start, end);
    this.timestamps[row] = slot.timestamp;
    if (this.ordinals !== undefined && slot.ordinal !== undefined) this.ordinals[row] = slot.ordinal;
  }

  /** As `add`, of a row without an ordinal, making no object: the time comes as the halves of an int64, as wire has it. */
  addRow(jobId: string, timeLo: number, timeHi: number, bytes: Uint8Array, start: number, end: number): void {
    const row = this.rows;
    if (row === 0) this.ordinals = undefined;
    else if (this.ordinals !== undefined) throw this.mixedOrdinals(jobId);
    this.append(jobId, bytes, start, end);
    this.timeHalves[2 * row + LO] = timeLo;
    this.timeHalves[2 * row + HI] = timeHi;
  }

  /** Bytes of memory for the rows' bytes: what `clear` keeps. */
  get capacity(): number {
    return this.bytes.length;
  }

  /** Begins anew in the same memory: the batch that was built from it must not be used any more. */
  clear(): void {
    this.used = this.rows = 0;
    this.jobIds = [];
    this.jobIndexes.clear();
    this.lastJobId = undefined;
    this.ordinals = undefined;
  }

  /** The parts of a batch; the builder must not be used after, unless it is cleared. */
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

  private append(jobId: string, bytes: Uint8Array, start: number, end: number): void {
    const row = this.rows;
    this.reserve(end - start);
    this.jobOfRow[row] = this.jobIndex(jobId);
    this.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), this.used);
    this.starts[row] = this.used;
    this.ends[row] = this.used += end - start;
    this.rows++;
  }

  private mixedOrdinals(jobId: string): TypeError {
    return new TypeError(
      `row ${this.rows} of job ${jobId}: all rows of a batch have an ordinal, or none has`,
    );
  }

  private jobIndex(jobId: string): number {
    if (jobId === this.lastJobId) return this.lastJobIndex;
    let index = this.jobIndexes.get(jobId);
    if (index === undefined) {
      checkJobId(jobId);
      index = this.jobIds.push(jobId) - 1;
      this.jobIndexes.set(jobId, index);
    }
    this.lastJobId = jobId;
    this.lastJobIndex = index;
    return index;
  }

  private reserve(byteCount: number): void {
    const size = this.used + byteCount;
    if (size > BATCH_SIZE_MAX) {
      throw new StorageError(
        'INVALID_ARGUMENT',
        `batch has ${size} bytes; expected ${BATCH_SIZE_MAX} at the most`,
      );
    }
    if (size > this.bytes.length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, size));
      this.bytes.copy(bytes, 0, 0, this.used);
      this.bytes = bytes;
    }
    if (this.rows < this.starts.length) return;
    const rowsMax = this.starts.length * 2;
    this.jobOfRow = grown(new Uint32Array(rowsMax), this.jobOfRow);
    this.starts = grown(new Uint32Array(rowsMax), this.starts);
    this.ends = grown(new Uint32Array(rowsMax), this.ends);
    this.timestamps = grown(new BigInt64Array(rowsMax), this.timestamps);
    this.timeHalves = new Uint32Array(this.timestamps.buffer);
    if (this.ordinals !== undefined) this.ordinals = grown(new BigUint64Array(rowsMax), this.ordinals);
  }
}

function grown<Column extends { set(from: Column): void }>(larger: Column, column: Column): Column {
  larger.set(column);
  return larger;
}
