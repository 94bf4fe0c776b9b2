import { readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { EngineStores, type OpenedStore } from '../testing/engine-stores.js';
import { collect } from '../testing/temp-store.js';

const SMALL = { blockBytes: 4_000, segmentBytes: 64 * 1024, memoryBytes: 256 * 1024 };
const ROWS = 600;

let stores: EngineStores;

beforeEach(async () => {
  stores = await EngineStores.create(SMALL);
});
afterEach(() => stores[Symbol.asyncDispose]());

async function read({ store }: OpenedStore) {
  const { rows, gaps } = await collect(store.readLogs({ jobId: 'job' }));
  for (const { content, sequence } of rows)
    expect(Buffer.from(content).toString()).toBe(contentOf(Number(sequence)));
  return { sequences: rows.map(({ sequence }) => Number(sequence)), gaps };
}

const contentOf = (row: number) => `row ${row} ${'x'.repeat(40)}`;
const all = Array.from({ length: ROWS }, (_, index) => index);

/** All rows but the last are in a synced file that the job index knows, and in the log too, which another job needs; then the process died. */
async function crashed(): Promise<string> {
  const { store, engine } = await stores.open('a');
  const rowOf = (row: number) => ({
    ...{ jobId: 'job', stream: 1 as const, timestamp: BigInt(row), sequence: BigInt(row) },
    content: Buffer.from(contentOf(row)),
  });
  await store.writeLogs(LogBatch.from([{ ...rowOf(0), jobId: 'other' }]));
  await store.writeLogs(LogBatch.from(all.map(rowOf)));
  await engine.settled();
  await engine.checkpoint();
  expect(engine.figures().logSegments).toBe(1);
  await stores.crash('a', 'b');
  return stores.at('b', 'logs', 'job', 'stdout.log.gz');
}

it.each([
  ['a byte of the first member', 0.02],
  ['a byte in the middle', 0.5],
  ['a byte of the last member', 0.99],
])('rows that are lost in a file come back from the log: %s', async (_, share) => {
  const file = await crashed();
  const bytes = await readFile(file);
  bytes[Math.floor(bytes.length * share)] ^= 0x10;
  await writeFile(file, bytes);

  const opened = await stores.open('b');
  expect((await read(opened)).sequences).toEqual(all);
  await opened.engine.sealAll();
  expect((await read(opened)).sequences).toEqual(all);
  await opened.store.close();
  const again = await stores.open('b');
  expect((await read(again)).sequences).toEqual(all);
});
