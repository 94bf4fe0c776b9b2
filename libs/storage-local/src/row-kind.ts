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

export const LOGS: RowKind<StoredLogRow, LogBatch> = {
  decode: decodeLogRow,
  encode: encodeLogLine,
  collector: () => new LogBatchBuilder(),
  foreignTime: (timestamp) => timestamp,
  contentBytes: (row) => row.content.length,
  isOfStream: (row, stream) => (row.stream === StreamType.STDERR) === (stream === StreamType.STDERR),
};

export const METRICS: RowKind<StoredMetricRow, MetricBatch> = {
  decode: decodeMetricRow,
  encode: encodeMetric,
  collector: () => new MetricBatchBuilder(),
  // The Go service keeps what older daemons send: seconds.
  foreignTime: normaliseTimestamp,
  contentBytes: () => 0,
  isOfStream: () => true,
};
