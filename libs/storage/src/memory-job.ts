import { decodeLogLine } from '@joblet/wire';
import type { JobEnd, JobInfo } from './features.js';
import type { LogBatch } from './log-batch.js';
import type { MetricBatch } from './metric-batch.js';

export interface StoredRow {
  /** The row's message; a copy, so that a small row does not hold the memory of a large batch. */
  readonly bytes: Uint8Array;
  readonly timestamp: bigint;
  readonly ordinal: bigint;
}

/** The rows of one kind of a job, by ordinal. */
export interface StoredRows {
  readonly rows: StoredRow[];
  nextOrdinal: bigint;
  /** Unix nanoseconds of the last arrival. */
  arrival: bigint;
}

export interface StoredJob {
  logs: StoredRows;
  metrics: StoredRows;
  end: JobEnd | undefined;
}

export function noRows(nextOrdinal = 0n): StoredRows {
  return { rows: [], nextOrdinal, arrival: 0n };
}

export function emptyJob(): StoredJob {
  return { logs: noRows(), metrics: noRows(), end: undefined };
}

export function isEmpty({ logs, metrics, end }: StoredJob): boolean {
  return logs.rows.length === 0 && metrics.rows.length === 0 && end === undefined;
}

export function appendRow(kept: StoredRows, batch: LogBatch | MetricBatch, row: number): void {
  kept.rows.push({
    bytes: new Uint8Array(batch.bytes.subarray(batch.start(row), batch.end(row))),
    timestamp: batch.timestamp(row),
    ordinal: kept.nextOrdinal++,
  });
}

/** The later of the newest row's time and the last arrival. */
export function lastSign({ rows, arrival }: StoredRows): bigint {
  return rows.reduce((last, { timestamp }) => (timestamp > last ? timestamp : last), arrival);
}

export function jobInfo(jobId: string, { logs, metrics, end }: StoredJob): JobInfo {
  const rows = [...logs.rows, ...metrics.rows];
  const times = rows.map(({ timestamp }) => timestamp);
  const lines = logs.rows.map(({ bytes }) => decodeLogLine(bytes));
  const stderr = lines.filter(({ stream }) => stream === 2);
  const stdout = lines.filter(({ stream }) => stream !== 2);
  const contentBytes = (of: typeof lines) => sum(of.map(({ content }) => content.length));
  const info = {
    jobId,
    firstTime: times.reduce((first, time) => (time < first ? time : first), times[0] ?? 0n),
    lastTime: times.reduce((last, time) => (time > last ? time : last), times[0] ?? 0n),
    stdout: { rows: BigInt(stdout.length), bytes: contentBytes(stdout) },
    stderr: { rows: BigInt(stderr.length), bytes: contentBytes(stderr) },
    metrics: { rows: BigInt(metrics.rows.length), bytes: 0n },
    sizeBytes: sum(rows.map(({ bytes }) => bytes.length)),
    gaps: 0,
  };
  return end === undefined ? info : { ...info, end };
}

function sum(sizes: number[]): bigint {
  return BigInt(sizes.reduce((total, size) => total + size, 0));
}
