import type { LogStore } from '../log-store.js';
import type { RowQuery } from '../query.js';
import { readLogs, readMetrics } from './read.js';
import { line, sample, writeLogs, writeMetrics } from './rows.js';

/** What holds for logs and metrics alike is tested with rows of which only the times matter. */
export interface Kind {
  readonly name: 'logs' | 'metrics';
  write(store: LogStore, times: readonly bigint[], jobId?: string): Promise<void>;
  /** The ordinals that the query gives. */
  read(store: LogStore, query?: Partial<RowQuery>): Promise<(bigint | undefined)[]>;
}

export const KINDS: readonly Kind[] = [
  {
    name: 'logs',
    write: (store, times, jobId = 'job-1') =>
      writeLogs(
        store,
        times.map((timestamp, index) => line(`row ${index}`, { jobId, timestamp, stream: 1 + (index % 2) })),
      ),
    read: async (store, query) => (await readLogs(store, query)).map(({ ordinal }) => ordinal),
  },
  {
    name: 'metrics',
    write: (store, times, jobId = 'job-1') =>
      writeMetrics(
        store,
        times.map((timestamp) => sample({ jobId, timestamp })),
      ),
    read: async (store, query) => (await readMetrics(store, query)).map(({ ordinal }) => ordinal),
  },
];

/** The ordinals from `start` to `end` - 1. */
export function ordinals(start: number, end: number): bigint[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => BigInt(start + index));
}

/** The times of `count` rows, one nanosecond apart. */
export function times(count: number, first = 1_763_600_000_123_456_789n): bigint[] {
  return Array.from({ length: count }, (_, index) => first + BigInt(index));
}
