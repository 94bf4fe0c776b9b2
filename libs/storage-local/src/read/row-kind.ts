import {
  LogBatchBuilder,
  MetricBatchBuilder,
  type LogBatch,
  type MetricBatch,
  type RowSlot,
} from '@joblet/storage';
import {
  decodeLogRow,
  decodeMetricRow,
  encodeLogLine,
  encodeMetric,
  normaliseTimestamp,
  StreamType,
  WireError,
  type StoredLogRow,
  type StoredMetricRow,
} from '@joblet/wire';

/** A row as it stands in a file, either kind. */
export type StoredRow = StoredLogRow | StoredMetricRow;

export interface BatchCollector<Batch> {
  readonly length: number;
  readonly byteLength: number;
  add(slot: RowSlot, bytes: Uint8Array, start: number, end: number): void;
  build(): Batch;
}

/** What reading logs and reading metrics do differently. */
export interface RowKind<Row extends StoredRow, Batch> {
  decode(text: Buffer, start: number, end: number): Row;
  encode(row: Row): Uint8Array;
  collector(): BatchCollector<Batch>;
  /** The time of a row that the Go service wrote, in Unix nanoseconds. */
  foreignTime(timestamp: bigint): bigint;
  contentBytes(row: Row): number;
  /** Whether the row belongs in the file of this stream. */
  isOfStream(row: Row, stream: number): boolean;
}

/**
 * Every row has something: JSON of another program, whose keys nobody here knows, is none. Throws WireError.
 */
function ofOurs<Row extends StoredRow>(row: Row, content: number): Row {
  const hasNothing = row.jobId === '' && row.timestamp === 0n && row.sequence === 0n && row.gap === undefined;
  if (hasNothing && content === 0) throw new WireError('INVALID', 'JSON without any key of a row');
  return row;
}

/** As the reader of logs does it; for metrics, whose keys are others, as well. */
export function isRow(text: Buffer, start: number, end: number): boolean {
  try {
    LOGS.decode(text, start, end);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

export const LOGS: RowKind<StoredLogRow, LogBatch> = {
  decode: (text, start, end) => {
    const row = decodeLogRow(text, start, end);
    return ofOurs(row, row.content.length);
  },
  encode: encodeLogLine,
  collector: () => new LogBatchBuilder(),
  foreignTime: (timestamp) => timestamp,
  contentBytes: (row) => row.content.length,
  isOfStream: (row, stream) => (row.stream === StreamType.STDERR) === (stream === StreamType.STDERR),
};

export const METRICS: RowKind<StoredMetricRow, MetricBatch> = {
  decode: (text, start, end) => {
    const row = decodeMetricRow(text, start, end);
    return ofOurs(row, row.data === undefined ? 0 : 1);
  },
  encode: encodeMetric,
  collector: () => new MetricBatchBuilder(),
  // The Go service keeps what older daemons send: seconds.
  foreignTime: normaliseTimestamp,
  contentBytes: () => 0,
  isOfStream: () => true,
};
