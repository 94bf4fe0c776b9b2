import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { loadConfig } from '@joblet/config';
import { LogBatch, MetricBatch } from '@joblet/storage';
import { Registry } from 'prom-client';
import { openLocalBackend, troubleOf } from './local-backend.js';

const WELL = { isSpaceLow: false, freeBytes: 5 * 1024 ** 2, parkedAreas: 0 };

it('tells what is wrong with the store, the worst first', () => {
  expect(troubleOf(WELL, undefined)).toBeUndefined();
  expect(troubleOf({ ...WELL, parkedAreas: 2 }, undefined)).toContain(
    'the files of 2 jobs cannot be written',
  );
  expect(troubleOf({ ...WELL, parkedAreas: 2 }, 'EIO')).toContain('goes on in a new file: EIO');
  expect(troubleOf({ ...WELL, isSpaceLow: true }, 'EIO')).toContain('only 5 MiB are free');
});

it('opens the store as the configuration says, with its figures for /metrics', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'joblet-local-backend-'));
  try {
    const file = join(folder, 'c.yml');
    await writeFile(
      file,
      `persist: {storage: {base_dir: ${folder}}, writer: {queue_mb: 10, reserve_mb: 1}}\n`,
    );
    const { config } = await loadConfig({ file, program: 'persist' });
    const lines: unknown[] = [];
    const tell = (...line: unknown[]): void => void lines.push(line);
    const logger = { debug: tell, info: tell, warn: tell, error: tell };
    const backend = await openLocalBackend(config.persist, { logger });
    expect(backend.budgetBytes).toBe(2.5 * 1024 ** 2);
    const content = Buffer.from('x');
    await backend.store.writeLogs(LogBatch.from([{ jobId: 'j', stream: 1, timestamp: 1n, content }]));
    expect(backend.trouble()).toBeUndefined();
    const registry = new Registry();
    backend.register(registry);
    const metrics = await registry.metrics();
    expect(metrics).toMatch(/^persist_wal_bytes [1-9]\d*$/m);
    expect(metrics).toMatch(/^persist_pending_bytes [1-9]\d*$/m);
    expect(metrics).toMatch(/^persist_jobs 1$/m);
    await backend.store.close();
    expect(lines).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it.each([
  ['{}', ['stdout.log.gz'], ['metrics.jsonl.gz']],
  ['{compression: {enabled: false}}', ['stdout.log'], ['metrics.jsonl']],
  ['{local: {logs: {format: jsonl}}}', ['stdout.log'], ['metrics.jsonl.gz']],
  ['{local: {metrics: {format: jsonl}}}', ['stdout.log.gz'], ['metrics.jsonl']],
])('storage %s: rows go to %j and %j', async (storage, logs, metrics) => {
  const folder = await mkdtemp(join(tmpdir(), 'joblet-local-backend-'));
  try {
    const file = join(folder, 'c.yml');
    await writeFile(file, `persist: {storage: {base_dir: ${folder}, ${storage.slice(1, -1)}}}\n`);
    const { config } = await loadConfig({ file, program: 'persist' });
    const tell = (): void => undefined;
    const logger = { debug: tell, info: tell, warn: tell, error: tell };
    const { store } = await openLocalBackend(config.persist, { logger });
    const content = Buffer.from('x');
    await store.writeLogs(LogBatch.from([{ jobId: 'j', stream: 1, timestamp: 1n, content }]));
    await store.writeMetrics(MetricBatch.from([{ jobId: 'j', timestamp: 1n }]));
    await store.close();
    const dataFiles = async (area: string) =>
      (await readdir(join(folder, area, 'j'))).filter((name) => !/\.(idx|flt)$/.test(name));
    expect(await dataFiles('logs')).toEqual(logs);
    expect(await dataFiles('metrics')).toEqual(metrics);
  } finally {
    await rm(folder, { recursive: true });
  }
});
