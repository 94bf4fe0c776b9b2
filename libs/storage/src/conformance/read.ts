import assert from 'node:assert/strict';
import type { LogRow } from '../log-batch.js';
import type { LogStore } from '../log-store.js';
import type { MetricRow } from '../metric-batch.js';
import type { Gap, LogQuery, MetricQuery, ReadOptions } from '../query.js';
import { JOB } from './rows.js';

interface ReadBatch<Row> extends Iterable<Row> {
  readonly kind: 'logs' | 'metrics';
  readonly length: number;
  readonly jobIds: readonly string[];
}

/** All rows that the query gives. A gap is a failure: nothing was lost here. */
export function readLogs(
  store: LogStore,
  query: Partial<LogQuery> = {},
  options?: ReadOptions,
): Promise<LogRow[]> {
  const whole = { jobId: JOB, ...query };
  return collect(store.readLogs(whole, options), 'logs', whole.jobId);
}

/** As `readLogs`. */
export function readMetrics(
  store: LogStore,
  query: Partial<MetricQuery> = {},
  options?: ReadOptions,
): Promise<MetricRow[]> {
  const whole = { jobId: JOB, ...query };
  return collect(store.readMetrics(whole, options), 'metrics', whole.jobId);
}

/** The contents as text, for rows that were written as text. */
export async function readTexts(store: LogStore, query: Partial<LogQuery> = {}): Promise<string[]> {
  const rows = await readLogs(store, query);
  return rows.map(({ content }) => textOf(content));
}

export function textOf(content: Uint8Array): string {
  return Buffer.from(content).toString();
}

async function collect<Row>(
  items: AsyncIterable<ReadBatch<Row> | Gap>,
  kind: 'logs' | 'metrics',
  jobId: string,
): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const item of items) {
    if (item.kind === 'gap')
      assert.fail(`gap behind ordinal ${item.afterOrdinal}: ${item.reason}; expected none`);
    assert.equal(item.kind, kind);
    if (item.length > 0) assert.deepEqual([...item.jobIds], [jobId], 'the jobs of a batch that was read');
    for (const row of item) rows.push(row);
  }
  return rows;
}
