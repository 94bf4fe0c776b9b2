import { LogBatch, type MetricBatch } from './batch.js';
import { checkLogQuery, checkMetricQuery } from './check-query.js';
import type { Gap, LogQuery, MetricQuery, ReadOptions, RowQuery } from './query.js';
import { StorageError } from './storage-error.js';

/** What selecting needs of a batch of either kind. */
interface Batch<Self> {
  readonly kind: 'logs' | 'metrics';
  readonly length: number;
  timestamp(row: number): bigint;
  ordinal(row: number): bigint | undefined;
  pick(rows: readonly number[]): Self;
}

/**
 * All that a store's `readLogs` has to do besides finding the rows: checks the query, then takes from `scan` what
 * matches. `scan` gives the job's rows by ordinal; it may leave out those that cannot match, and it is called once
 * more, first, when the query asks for a tail.
 */
export async function* selectLogs(
  query: LogQuery,
  scan: () => AsyncIterable<LogBatch | Gap>,
  { signal }: ReadOptions = {},
): AsyncGenerator<LogBatch | Gap> {
  checkLogQuery(query);
  const stream = query.stream ?? 0;
  const matches = (batch: LogBatch, index: number): boolean => {
    if (!inRange(query, batch, index)) return false;
    if (stream === 0 && query.filter === undefined) return true;
    const row = batch.row(index);
    if (stream !== 0 && (row.stream === 2 ? 2 : 1) !== stream) return false;
    return query.filter === undefined || query.filter.matches(row);
  };
  const ofStream = (gap: Gap) => stream === 0 || gap.stream === 0 || gap.stream === stream;
  yield* select(query, scan, matches, ofStream, signal);
}

/** As `selectLogs`, for metrics. */
export async function* selectMetrics(
  query: MetricQuery,
  scan: () => AsyncIterable<MetricBatch | Gap>,
  { signal }: ReadOptions = {},
): AsyncGenerator<MetricBatch | Gap> {
  checkMetricQuery(query);
  const matches = (batch: MetricBatch, index: number) => inRange(query, batch, index);
  yield* select(query, scan, matches, () => true, signal);
}

function inRange(query: RowQuery, batch: Batch<unknown>, index: number): boolean {
  const timestamp = batch.timestamp(index);
  if (query.startTime !== undefined && timestamp < query.startTime) return false;
  if (query.endTime !== undefined && timestamp > query.endTime) return false;
  return query.afterOrdinal === undefined || batch.ordinal(index)! > query.afterOrdinal;
}

async function* select<B extends Batch<B>>(
  query: RowQuery,
  scan: () => AsyncIterable<B | Gap>,
  matches: (batch: B, index: number) => boolean,
  wantsGap: (gap: Gap) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<B | Gap> {
  let skip = query.offset ?? 0;
  let left = query.limit ?? Infinity;
  if (query.tail !== undefined) {
    const total = await count(scan, matches, signal);
    skip = Math.max(0, total - query.tail);
    left = query.tail;
  }
  if (left === 0) {
    throwIfAborted(signal);
    return;
  }
  for await (const item of scan()) {
    throwIfAborted(signal);
    if (isGap(item)) {
      if (skip === 0 && item.afterOrdinal >= (query.afterOrdinal ?? -1n) && wantsGap(item)) yield item;
      continue;
    }
    const rows: number[] = [];
    for (let index = 0; index < item.length && left > 0; index++) {
      if (!matches(item, index)) continue;
      if (skip > 0) skip--;
      else {
        rows.push(index);
        left--;
      }
    }
    if (rows.length > 0) yield item.pick(rows);
    // A tail goes on to the end: what is missing behind its last row belongs to it.
    if (left === 0 && query.tail === undefined) return;
  }
}

async function count<B extends Batch<B>>(
  scan: () => AsyncIterable<B | Gap>,
  matches: (batch: B, index: number) => boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  for await (const item of scan()) {
    throwIfAborted(signal);
    if (isGap(item)) continue;
    for (let index = 0; index < item.length; index++) if (matches(item, index)) total++;
  }
  return total;
}

function isGap(item: { kind: string }): item is Gap {
  return item.kind === 'gap';
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw StorageError.aborted(signal);
}
