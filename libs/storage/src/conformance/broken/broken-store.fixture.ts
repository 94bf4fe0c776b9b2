import { encodeLogLine } from '@joblet/wire';
import { LogBatch, LogBatchBuilder, type LogRow, type NewLogRow } from '../../log-batch.js';
import type { LogStore } from '../../log-store.js';
import { createMemoryStore, type MemoryStore } from '../../memory-store.js';
import { MetricBatch, type MetricRow, type NewMetricRow } from '../../metric-batch.js';
import type { LogQuery, RowQuery } from '../../query.js';
import type { StoreUnderTest } from '../subject.js';

/** A store with one mistake, and the cases of the suite that must tell it. */
export interface BrokenStore extends Mistake {
  readonly theme: string;
}

export interface Mistake {
  readonly mistake: string;
  readonly fails: readonly string[];
  readonly create: () => Promise<StoreUnderTest>;
  /** Default: false. */
  readonly durable?: boolean;
}

export function themed(theme: string, mistakes: readonly Mistake[]): BrokenStore[] {
  return mistakes.map((mistake) => ({ ...mistake, theme }));
}

/** The memory store with other methods in place of its own. */
export function altered(change: (right: MemoryStore) => Partial<MemoryStore>): () => Promise<StoreUnderTest> {
  return async () => {
    const right = createMemoryStore();
    return { store: { ...forwarding(right), ...change(right) }, dispose: async () => undefined };
  };
}

/** All methods of the store as properties, so that a spread takes them. */
export function forwarding(right: MemoryStore): MemoryStore {
  return {
    supports: right.supports,
    writeLogs: (batch, options) => right.writeLogs(batch, options),
    writeMetrics: (batch, options) => right.writeMetrics(batch, options),
    readLogs: (query, options) => right.readLogs(query, options),
    readMetrics: (query, options) => right.readMetrics(query, options),
    deleteJob: (jobId) => right.deleteJob(jobId),
    listJobs: (query) => right.listJobs(query),
    getJobInfo: (jobId) => right.getJobInfo(jobId),
    stats: () => right.stats(),
    cleanup: (request) => right.cleanup(request),
    deleteMetrics: (jobId) => right.deleteMetrics(jobId),
    durableSources: () => right.durableSources(),
    endJob: (jobId, end) => right.endJob(jobId, end),
    close: () => right.close(),
    [Symbol.asyncDispose]: () => right.close(),
  };
}

/** Stores other log rows than it is given; undefined leaves one out. */
export function storing(change: (row: LogRow) => NewLogRow | undefined): () => Promise<StoreUnderTest> {
  return altered((right) => ({
    writeLogs: (batch, options) =>
      right.writeLogs(LogBatch.from([...batch].flatMap((row) => change(row) ?? [])), options),
  }));
}

/** As `storing`, for metrics. */
export function storingMetrics(change: (row: MetricRow) => NewMetricRow): () => Promise<StoreUnderTest> {
  return altered((right) => ({
    writeMetrics: (batch, options) => right.writeMetrics(MetricBatch.from([...batch].map(change)), options),
  }));
}

/** Answers another query than it is asked. */
export function answering(change: (query: LogQuery) => LogQuery): () => Promise<StoreUnderTest> {
  return altered((right) => ({
    readLogs: (query, options) => right.readLogs(change(query), options),
    readMetrics: (query, options) => right.readMetrics(change(query), options),
  }));
}

/** Gives other log rows than those that it found. */
export function giving(
  change: (rows: LogRow[], query: LogQuery) => LogRow[],
  asked: (query: LogQuery) => LogQuery = (query) => query,
): () => Promise<StoreUnderTest> {
  return altered((right) => ({
    async *readLogs(query, options) {
      const rows: LogRow[] = [];
      for await (const item of right.readLogs(asked(query), options))
        if (item.kind === 'logs') rows.push(...item);
      yield batchOf(change(rows, query));
    },
  }));
}

/** The rows as they come from a store, with their ordinals. */
export function batchOf(rows: readonly LogRow[]): LogBatch {
  const builder = new LogBatchBuilder();
  for (const row of rows) {
    const bytes = encodeLogLine(row);
    builder.add(row, bytes, 0, bytes.length);
  }
  return builder.build();
}

/** All rows, each page with a query of its own: what comes or goes meanwhile is seen. */
export async function* inPages(store: LogStore, query: RowQuery): AsyncGenerator<LogBatch> {
  let { afterOrdinal = -1n } = query;
  for (;;) {
    const before = afterOrdinal;
    for await (const item of store.readLogs({ ...query, afterOrdinal, limit: 1000 })) {
      if (item.kind === 'gap') continue;
      yield item;
      afterOrdinal = item.ordinal(item.length - 1) ?? afterOrdinal;
    }
    if (afterOrdinal === before) return;
  }
}

/** Looks for a tail first, and then reads what is there by then. */
export function lookingTwice(): () => Promise<StoreUnderTest> {
  return altered((right) => ({
    async *readLogs(query, options) {
      const seen: LogBatch[] = [];
      for await (const item of right.readLogs(query, options)) if (item.kind === 'logs') seen.push(item);
      yield* query.tail === undefined ? seen : right.readLogs(query, options);
    },
  }));
}

/** The query without some of its conditions. */
export function without<Name extends keyof LogQuery>(query: LogQuery, ...names: Name[]): LogQuery {
  return {
    jobId: query.jobId,
    ...Object.fromEntries(Object.entries(query).filter(([name]) => !names.some((one) => one === name))),
  };
}
