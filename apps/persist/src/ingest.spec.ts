import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { StorageError, type LogRow, type LogStore, type MetricRow } from '@joblet/storage';
import { createMemoryStore } from '@joblet/storage/memory';
import {
  encodeIpcMessage,
  encodeLogLine,
  encodeMetric,
  IpcMessageFields,
  LogLineFields,
  MessageType,
  MetricFields,
  scanIpcMessage,
  scanLogLine,
  scanMetric,
} from '@joblet/wire';
import { Registry } from 'prom-client';
import { Ingest, type IngestOptions } from './ingest.js';
import { Ledger } from './ledger.js';

const NOW = 1_763_600_000_000_000_000n;

function setUp(store: LogStore = createMemoryStore(), options: Partial<IngestOptions> = {}) {
  const registry = new Registry();
  const ledger = new Ledger(registry);
  const pending: number[] = [];
  const retries: string[] = [];
  const ingest = new Ingest({
    store,
    ledger,
    now: () => NOW,
    random: () => 0,
    onPending: (bytes) => pending.push(bytes),
    onRejectedJobId: () => undefined,
    onRetry: (error) => retries.push(String(error)),
    onWritten: () => undefined,
    ...options,
  });
  return { store, registry, ledger, pending, retries, ingest };
}

function sendLog(ingest: Ingest, jobId: string, text: string, timestamp = NOW): void {
  const content = Buffer.from(text);
  const data = encodeLogLine({ jobId: 'inner', stream: 1, timestamp, sequence: 0n, content });
  const bytes = encodeIpcMessage({ version: 1, type: MessageType.LOG, jobId, timestamp, sequence: 0n, data });
  const message = new IpcMessageFields();
  const line = new LogLineFields();
  scanIpcMessage(bytes, 0, bytes.length, message);
  scanLogLine(bytes, message.dataStart, message.dataEnd, line);
  ingest.log(bytes, message, line);
}

function sendMetric(ingest: Ingest, jobId: string, timestamp: bigint): void {
  const data = encodeMetric({ jobId, timestamp, sequence: 0n });
  const bytes = encodeIpcMessage({
    version: 1,
    type: MessageType.METRIC,
    jobId,
    timestamp,
    sequence: 0n,
    data,
  });
  const message = new IpcMessageFields();
  const metric = new MetricFields();
  scanIpcMessage(bytes, 0, bytes.length, message);
  scanMetric(bytes, message.dataStart, message.dataEnd, metric);
  ingest.metric(bytes, message, metric);
}

async function logs(store: LogStore, jobId: string): Promise<LogRow[]> {
  const rows: LogRow[] = [];
  for await (const item of store.readLogs({ jobId })) if (item.kind === 'logs') rows.push(...item);
  return rows;
}

async function metrics(store: LogStore, jobId: string): Promise<MetricRow[]> {
  const rows: MetricRow[] = [];
  for await (const item of store.readMetrics({ jobId })) if (item.kind === 'metrics') rows.push(...item);
  return rows;
}

describe('ingest', () => {
  it.each([true, false])(
    'uses the memory of a batch again: if the store copies (%s)',
    async (copiesBatches) => {
      const store = createMemoryStore();
      const memories: ArrayBufferLike[] = [];
      const write = store.writeLogs.bind(store);
      store.writeLogs = (batch) => {
        memories.push(batch.bytes.buffer);
        return write(batch);
      };
      const { ingest } = setUp(store, { copiesBatches });
      for (let line = 0; line < 6; line++) {
        sendLog(ingest, 'job-1', `line ${line}`);
        await ingest.settled();
      }
      expect(new Set(memories).size).toBe(copiesBatches ? 2 : 6);
      expect((await logs(store, 'job-1')).map(({ content }) => Buffer.from(content).toString())).toEqual(
        [0, 1, 2, 3, 4, 5].map((line) => `line ${line}`),
      );
    },
  );

  it('stores rows under the outer job id, in order, and holds nothing then', async () => {
    const { ingest, store, pending, ledger } = setUp();
    for (let row = 0; row < 100; row++) sendLog(ingest, row % 2 ? 'a' : 'b', `row ${row}`);
    expect(ledger.inFlight).toBe(100);
    await ingest.settled();
    expect((await logs(store, 'a')).map(({ content }) => Buffer.from(content).toString())).toEqual(
      Array.from({ length: 50 }, (_, index) => `row ${index * 2 + 1}`),
    );
    expect(pending.at(-1)).toBe(0);
    expect(ledger.inFlight).toBe(0);
  });

  it.each([
    [1_763_600_000n, NOW],
    [1_763_600_000_000n, NOW],
    [1_763_600_000_000_000n, NOW],
    [NOW - 1n, NOW - 1n],
    [0n, NOW],
    [-5n, NOW],
  ])('a metric time of %s becomes %s', async (sent, stored) => {
    const { ingest, store } = setUp();
    sendMetric(ingest, 'j', sent);
    await ingest.settled();
    expect((await metrics(store, 'j'))[0].timestamp).toBe(stored);
  });

  it('a log line without a time gets that of its arrival, counted; any other time is kept', async () => {
    const { ingest, store, registry } = setUp();
    sendLog(ingest, 'j', 'x', 0n);
    sendLog(ingest, 'j', 'y', 5n);
    await ingest.settled();
    expect((await logs(store, 'j')).map(({ timestamp }) => timestamp)).toEqual([NOW, 5n]);
    expect(await registry.metrics()).toContain('persist_ipc_arrival_times_total 1');
  });

  it('rejects and counts a job id that is not valid, however long', async () => {
    const { ingest, ledger, registry } = setUp();
    for (const jobId of ['', '../x', 'a'.repeat(129), 'a'.repeat(1_000_000), 'jöb'])
      sendLog(ingest, jobId, 'x');
    await ingest.settled();
    expect(ledger.inFlight).toBe(0);
    expect(await registry.metrics()).toContain('persist_ipc_messages_rejected_total{reason="job_id"} 5');
  });

  it('tries a failed write again until it succeeds, in order, and loses nothing', async () => {
    const memory = createMemoryStore();
    let failures = 3;
    const failing: LogStore = {
      ...bound(memory),
      writeLogs: async (...args) => {
        if (failures-- > 0) throw new StorageError('NO_SPACE', 'the disk is full');
        await memory.writeLogs(...args);
      },
    };
    const { ingest, ledger, retries } = setUp(failing);
    sendLog(ingest, 'j', 'first');
    await turn();
    sendLog(ingest, 'j', 'second');
    expect(ledger.inFlight).toBe(2);
    await ingest.settled();
    expect(retries).toEqual(Array(3).fill('StorageError: the disk is full'));
    expect((await logs(memory, 'j')).map(({ content }) => Buffer.from(content).toString())).toEqual([
      'first',
      'second',
    ]);
    expect(ingest.failing).toBe(false);
  });

  it('lets those who wait for the same rows share a promise, and bounds deletions, while the store hangs', async () => {
    const memory = createMemoryStore();
    let release = (): void => undefined;
    const hang = new Promise<void>((resolve) => (release = resolve));
    const { ingest } = setUp({
      ...bound(memory),
      writeLogs: (batch) => hang.then(() => memory.writeLogs(batch)),
    });
    sendLog(ingest, 'j', 'first');
    const first = ingest.settled();
    expect(ingest.settled()).toBe(first);
    await turn();
    sendMetric(ingest, 'j', NOW);
    sendLog(ingest, 'j', 'second');
    const second = ingest.settled();
    expect(second).not.toBe(first);
    const deletions = Array.from({ length: 1_000 }, () => ingest.deleteJob('j'));
    await expect(ingest.deleteJob('j')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    let order = '';
    void first.then(() => (order += '1'));
    void second.then(() => (order += '2'));
    release();
    const outcomes = await Promise.allSettled(deletions);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await ingest.settled();
    expect(order).toBe('12');
  });

  it('deletes what arrived before, and not what arrives after', async () => {
    const { ingest, store } = setUp();
    sendLog(ingest, 'j', 'old');
    const deleted = ingest.deleteJob('j');
    sendLog(ingest, 'j', 'new');
    await deleted;
    await ingest.settled();
    const rows = await logs(store, 'j');
    expect(rows.map(({ ordinal, content }) => [ordinal, Buffer.from(content).toString()])).toEqual([
      [0n, 'new'],
    ]);
    await expect(ingest.deleteJob('unknown')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('deletes at once what is stored while writes fail, and what is on its way when it has been stored', async () => {
    const memory = createMemoryStore();
    let full = false;
    const failing: LogStore = {
      ...bound(memory),
      writeLogs: async (...args) => {
        if (full) throw new StorageError('NO_SPACE', 'the disk is full');
        await memory.writeLogs(...args);
      },
    };
    const { ingest, retries } = setUp(failing);
    sendLog(ingest, 'j', 'stored');
    await ingest.settled();
    full = true;
    sendLog(ingest, 'j', 'on its way');
    while (retries.length === 0) await turn();
    await ingest.deleteJob('j');
    await expect(logs(memory, 'j')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    full = false;
    await ingest.settled();
    await expect(logs(memory, 'j')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('a message without data is an empty row, and counts like any other', async () => {
    const { ingest, store, pending } = setUp();
    const bytes = encodeIpcMessage({
      version: 1,
      type: MessageType.LOG,
      jobId: 'j',
      timestamp: 0n,
      sequence: 0n,
      data: new Uint8Array(),
    });
    const message = new IpcMessageFields();
    scanIpcMessage(bytes, 0, bytes.length, message);
    ingest.log(bytes, message, new LogLineFields());
    expect(pending.at(-1)).toBeGreaterThan(0);
    await ingest.settled();
    expect(await logs(store, 'j')).toHaveLength(1);
  });

  it('the ledger adds up while rows are on their way', async () => {
    const { ingest, registry } = setUp();
    const value = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await registry.metrics())![1]);
    for (let round = 0; round < 5; round++) {
      for (let row = 0; row < 10; row++) sendLog(ingest, 'j', 'x');
      sendLog(ingest, '.', 'x');
      await turn();
      const rejected = /rejected_total\{reason="job_id"\} (\d+)/.exec(await registry.metrics())![1];
      expect(await value('persist_ipc_messages_received_total')).toBe((round + 1) * 11);
      const durable = await value('persist_ipc_messages_durable_total');
      expect(durable + Number(rejected) + (await value('persist_ipc_messages_in_flight'))).toBe(
        (round + 1) * 11,
      );
    }
    await ingest.settled();
  });
});

/** The store's methods as an object's own, so that one can be replaced. */
function bound(store: LogStore): LogStore {
  return {
    supports: store.supports,
    writeLogs: (...args) => store.writeLogs(...args),
    writeMetrics: (...args) => store.writeMetrics(...args),
    readLogs: (...args) => store.readLogs(...args),
    readMetrics: (...args) => store.readMetrics(...args),
    deleteJob: (jobId) => store.deleteJob(jobId),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
