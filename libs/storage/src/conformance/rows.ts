import { BATCH_ROWS_MAX } from '../limits.js';
import { LogBatch, type NewLogRow } from '../log-batch.js';
import type { LogStore } from '../log-store.js';
import { MetricBatch, type NewMetricRow } from '../metric-batch.js';

export const JOB = 'job-1';

/** Unix nanoseconds: what rows have whose time does not matter. It has digits that a double would lose. */
export const TIME = 1_763_600_000_123_456_789n;

/** More rows than two batches of a read hold. */
export const MANY = 2 * BATCH_ROWS_MAX + 500;

/** A log row; `content` as text or bytes. */
export function line(
  content: string | Uint8Array,
  more: Partial<Omit<NewLogRow, 'content'>> = {},
): NewLogRow {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { jobId: JOB, stream: 1, timestamp: TIME, sequence: 0n, ...more, content: bytes };
}

/** `line 0`, `line 1` and so on: odd ones on stderr, times one nanosecond apart. */
export function lines(count: number, more: Partial<Omit<NewLogRow, 'content'>> = {}): NewLogRow[] {
  return Array.from({ length: count }, (_, index) =>
    line(`line ${index}`, {
      stream: 1 + (index % 2),
      timestamp: TIME + BigInt(index),
      sequence: BigInt(index),
      ...more,
    }),
  );
}

export function sample(more: Partial<NewMetricRow> = {}): NewMetricRow {
  const data = { cpuUsage: 0.5, memoryUsage: 1n << 20n, gpuUsage: 0 };
  return { jobId: JOB, timestamp: TIME, sequence: 0n, data, ...more };
}

/** Samples that differ in time (one nanosecond apart), sequence and CPU usage. */
export function samples(count: number, more: Partial<NewMetricRow> = {}): NewMetricRow[] {
  return Array.from({ length: count }, (_, index) =>
    sample({
      timestamp: TIME + BigInt(index),
      sequence: BigInt(index),
      data: { cpuUsage: index + 0.25, memoryUsage: 0n, gpuUsage: 0 },
      ...more,
    }),
  );
}

export function writeLogs(store: LogStore, rows: Iterable<NewLogRow>): Promise<void> {
  return store.writeLogs(LogBatch.from(rows));
}

export function writeMetrics(store: LogStore, rows: Iterable<NewMetricRow>): Promise<void> {
  return store.writeMetrics(MetricBatch.from(rows));
}
