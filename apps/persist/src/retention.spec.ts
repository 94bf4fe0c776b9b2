import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogBatch, MetricBatch, StorageError, type CleanupRequest, type LogStore } from '@joblet/storage';
import { createMemoryStore } from '@joblet/storage/memory';
import { Registry } from 'prom-client';
import { expired, startRetention, type RetentionOptions } from './retention.js';

const DAY_MS = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const unixNow = (): bigint => BigInt(Date.now()) * 1_000_000n;

beforeEach(() => {
  jest.useFakeTimers({ now: START });
});

afterEach(() => {
  jest.useRealTimers();
});

/** To so long after the start; what the schedule is looked at for, twice a minute, comes when the clock is there. */
async function until(afterMs: number): Promise<void> {
  jest.setSystemTime(START + afterMs - 60_000);
  await jest.advanceTimersByTimeAsync(60_000);
}

function setUp(store: LogStore, options: Partial<RetentionOptions> = {}) {
  const lines: string[] = [];
  const tell = (fields: unknown, message = fields): void => void lines.push(String(message));
  const registry = new Registry();
  const retention = startRetention({
    store,
    logsDays: 7,
    metricsDays: 30,
    schedule: '0 2 * * *',
    now: unixNow,
    logger: { info: tell, warn: tell, debug: () => undefined },
    registry,
    ...options,
  });
  return { retention, lines, registry };
}

async function storeWith(jobId: string): Promise<ReturnType<typeof createMemoryStore>> {
  const store = createMemoryStore({ now: unixNow });
  const timestamp = unixNow();
  await store.writeLogs(LogBatch.from([{ jobId, stream: 1, timestamp, content: Buffer.from('x') }]));
  await store.writeMetrics(MetricBatch.from([{ jobId, timestamp }]));
  return store;
}

describe('what has expired', () => {
  it('is nothing of what is kept for ever', () => {
    expect(expired({ logsDays: 0, metricsDays: 0 }, 5n)).toBeUndefined();
    expect(expired({ logsDays: 0, metricsDays: 1 }, 86_400_000_000_001n)).toEqual({ metricsBefore: 1n });
    expect(expired({ logsDays: 1, metricsDays: 0 }, 86_400_000_000_001n)).toEqual({ logsBefore: 1n });
  });

  it('goes at the time of the schedule in UTC, logs and metrics each after their days', async () => {
    const store = await storeWith('j');
    const { retention, lines, registry } = setUp(store);
    await until(7 * DAY_MS - 1_000);
    expect(lines).toEqual([]);
    await until(7 * DAY_MS + 2 * 3_600_000 - 1_000);
    expect((await store.getJobInfo('j')).stdout.rows).toBe(1n);
    await until(7 * DAY_MS + 2 * 3_600_000 + 60_000);
    expect((await store.getJobInfo('j')).stdout.rows).toBe(0n);
    expect((await store.getJobInfo('j')).metrics.rows).toBe(1n);
    expect(lines).toEqual(['what had expired of 1 jobs is removed']);
    await until(31 * DAY_MS);
    await expect(store.getJobInfo('j')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    expect(lines).toHaveLength(2);
    const text = await registry.metrics();
    expect(text).toContain('persist_retention_removed_rows_total{kind="logs"} 1');
    expect(text).toContain('persist_retention_removed_rows_total{kind="metrics"} 1');
    await retention.stop();
  });

  it('is tried again the next time when the store fails, and never twice at once', async () => {
    const requests: CleanupRequest[] = [];
    let fail: (() => void) | undefined;
    const store: LogStore = Object.assign(createMemoryStore(), {
      cleanup: (request: CleanupRequest) =>
        new Promise<never>((_, reject) => {
          requests.push(request);
          fail = () => reject(new StorageError('UNAVAILABLE', 'the disk is away'));
        }),
    });
    const { retention, lines, registry } = setUp(store);
    await until(DAY_MS);
    await until(2 * DAY_MS);
    expect(requests).toHaveLength(1);
    fail?.();
    await until(3 * DAY_MS);
    expect(requests).toHaveLength(2);
    expect(lines).toEqual(['what has expired could not be removed: the disk is away']);
    expect(await registry.metrics()).toContain('persist_retention_failures_total 1');
    let stopped = false;
    const stopping = retention.stop().then(() => (stopped = true));
    await until(4 * DAY_MS);
    expect([stopped, requests.length]).toEqual([false, 2]);
    fail?.();
    await stopping;
  });

  it.each([
    ['everything is kept for ever', { logsDays: 0, metricsDays: 0 }, true, []],
    ['the store cannot', {}, false, ['this storage backend has no retention: everything is kept']],
  ])('stays when %s', async (_, options, retention, lines) => {
    const memory = await storeWith('j');
    const store: LogStore = Object.assign(Object.create(memory) as typeof memory, {
      supports: { ...memory.supports, retention },
    });
    const started = setUp(store, options);
    await until(100 * DAY_MS);
    expect((await memory.getJobInfo('j')).stdout.rows).toBe(1n);
    expect(started.lines).toEqual(lines);
    await started.retention.stop();
  });
});
