import { checkLogQuery, checkMetricQuery } from './check-query.js';
import { BATCH_BYTES_MAX, BATCH_ROWS_MAX } from './limits.js';
import type { LogBatch } from './log-batch.js';
import type { MetricBatch } from './metric-batch.js';
import type { Gap, LogQuery, MetricQuery, ReadOptions, RowQuery } from './query.js';
import { StorageError } from './storage-error.js';

/** What selecting needs of a batch of either kind. */
interface Batch<Self> {
  readonly kind: 'logs' | 'metrics';
  readonly length: number;
  readonly byteLength: number;
  start(row: number): number;
  end(row: number): number;
  timestamp(row: number): bigint;
  ordinal(row: number): bigint | undefined;
  pick(rows: readonly number[]): Self;
}

/** What a scan gives, as it comes or all at once. */
type Scanned<B> = AsyncIterable<B | Gap> | Iterable<B | Gap>;

/**
 * All that a store's `readLogs` has to do besides finding the rows: checks the query, then takes from `scan` what
 * matches, in batches of limited size.
 *
 * `scan` gives the job's rows and gaps by ordinal, in batches that carry ordinals, and throws JOB_NOT_FOUND. It may
 * leave out rows that do not match and, for a tail, those before it, but not those that `offset` skips: they are
 * counted here. When the query asks for a tail, it is called twice, the first time to count: the second call must then
 * give the same rows (more may follow). The wrapper looks at the signal between the steps of the scan; a scan whose
 * single step can take long heeds the signal itself, and may fail with any error then.
 */
export async function* selectLogs(
  query: LogQuery,
  scan: () => Scanned<LogBatch>,
  { signal }: ReadOptions = {},
): AsyncGenerator<LogBatch | Gap> {
  checkLogQuery(query);
  const stream = query.stream ?? 0;
  const matches = (batch: LogBatch, index: number): boolean => {
    if (!inRange(query, batch, index)) return false;
    if (stream !== 0 && (batch.stream(index) === 2 ? 2 : 1) !== stream) return false;
    return query.filter === undefined || query.filter.matches(batch.row(index));
  };
  const ofStream = (gap: Gap) => stream === 0 || gap.stream === 0 || gap.stream === stream;
  yield* select(query, scan, matches, ofStream, signal);
}

/** As `selectLogs`, for metrics. */
export async function* selectMetrics(
  query: MetricQuery,
  scan: () => Scanned<MetricBatch>,
  { signal }: ReadOptions = {},
): AsyncGenerator<MetricBatch | Gap> {
  checkMetricQuery(query);
  const matches = (batch: MetricBatch, index: number) => inRange(query, batch, index);
  yield* select(query, scan, matches, () => true, signal);
}

function inRange(query: RowQuery, batch: Batch<unknown>, index: number): boolean {
  const { startTime, endTime, afterOrdinal } = query;
  // Every look at a time or an ordinal makes a bigint.
  if (startTime !== undefined && batch.timestamp(index) < startTime) return false;
  if (endTime !== undefined && batch.timestamp(index) > endTime) return false;
  return afterOrdinal === undefined || batch.ordinal(index)! > afterOrdinal;
}

async function* select<B extends Batch<B>>(
  query: RowQuery,
  scan: () => Scanned<B>,
  matches: (batch: B, index: number) => boolean,
  wantsGap: (gap: Gap) => boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<B | Gap> {
  throwIfAborted(signal);
  let left = query.tail ?? query.limit ?? Infinity;
  let skip = query.offset ?? 0;
  if (query.tail) skip = Math.max(0, (await count(scan, matches, signal)) - query.tail);
  // A tail goes on to the end: what is missing behind its last row belongs to it.
  const full = () => left === 0 && !query.tail;
  for await (const item of steps(scan, signal)) {
    if (full()) return;
    if (isGap(item)) {
      if (skip === 0 && item.afterOrdinal >= (query.afterOrdinal ?? -1n) && wantsGap(item)) yield item;
      continue;
    }
    if (skip === 0 && item.length <= left && wantsAll(query, item)) {
      left -= item.length;
      if (item.length > 0) yield item;
      if (full()) return;
      continue;
    }
    let rows: number[] = [];
    let size = 0;
    for (let index = 0; index < item.length && left > 0; index++) {
      if (!matches(item, index)) continue;
      if (skip > 0) {
        skip--;
        continue;
      }
      const rowSize = item.end(index) - item.start(index);
      if (rows.length === BATCH_ROWS_MAX || (size + rowSize > BATCH_BYTES_MAX && size > 0)) {
        yield item.pick(rows);
        throwIfAborted(signal);
        rows = [];
        size = 0;
      }
      rows.push(index);
      size += rowSize;
      left--;
    }
    if (rows.length > 0) yield item.pick(rows);
    if (full()) return;
  }
}

/** Whether the batch can be given as it is, without a look at its rows. */
function wantsAll<B extends Batch<B>>(query: LogQuery, batch: B): boolean {
  const { startTime, endTime, afterOrdinal, stream, filter } = query;
  if (startTime !== undefined || endTime !== undefined || filter !== undefined || stream) return false;
  if (batch.length > BATCH_ROWS_MAX || batch.byteLength > BATCH_BYTES_MAX) return false;
  // Ordinals ascend.
  return afterOrdinal === undefined || batch.length === 0 || batch.ordinal(0)! > afterOrdinal;
}

async function count<B extends Batch<B>>(
  scan: () => Scanned<B>,
  matches: (batch: B, index: number) => boolean,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  for await (const item of steps(scan, signal)) {
    if (isGap(item)) continue;
    for (let index = 0; index < item.length; index++) if (matches(item, index)) total++;
  }
  return total;
}

/** What `scan` gives; whatever ends it, an abort in the meantime is the answer. */
async function* steps<B extends Batch<B>>(
  scan: () => Scanned<B>,
  signal: AbortSignal | undefined,
): AsyncGenerator<B | Gap> {
  try {
    for await (const item of scan()) {
      throwIfAborted(signal);
      if (!isGap(item) && item.length > 0 && item.ordinal(0) === undefined) {
        throw new TypeError('the scan of a store gave a batch without ordinals');
      }
      yield item;
      throwIfAborted(signal);
    }
  } catch (error) {
    throwIfAborted(signal);
    throw error;
  }
  throwIfAborted(signal);
}

function isGap(item: { kind: string }): item is Gap {
  return item.kind === 'gap';
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw StorageError.aborted(signal);
}
