import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { openEngineStore } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

const SMALL = { blockBytes: 4_000, segmentBytes: 64 * 1024, memoryBytes: 256 * 1024, reserveBytes: 0 };
const ROWS = 600;

let root: string;
let remove: () => Promise<void>;
const stores: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  ({ path: root, remove } = await tempDirectory());
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await remove();
});

async function open(name: string) {
  const opened = await openEngineStore({ baseDirectory: join(root, name), ...SMALL });
  stores.push(opened.store);
  return opened;
}

type Store = Awaited<ReturnType<typeof open>>['store'];

async function read(store: Store) {
  const { rows, gaps } = await collect(store.readLogs({ jobId: 'job' }));
  for (const { content, sequence } of rows)
    expect(Buffer.from(content).toString()).toBe(contentOf(Number(sequence)));
  return { sequences: rows.map(({ sequence }) => Number(sequence)), gaps };
}

const contentOf = (row: number) => `row ${row} ${'x'.repeat(40)}`;
const all = Array.from({ length: ROWS }, (_, index) => index);

/** All rows but the last are in a synced file that the job index knows, and in the log too, which another job needs; then the process died. */
async function crashed(): Promise<string> {
  const { store, engine } = await open('a');
  const rowOf = (row: number) => ({
    ...{ jobId: 'job', stream: 1 as const, timestamp: BigInt(row), sequence: BigInt(row) },
    content: Buffer.from(contentOf(row)),
  });
  await store.writeLogs(LogBatch.from([{ ...rowOf(0), jobId: 'other' }]));
  await store.writeLogs(LogBatch.from(all.map(rowOf)));
  await engine.settled();
  await engine.checkpoint();
  expect(engine.figures().logSegments).toBe(1);
  await cp(join(root, 'a'), join(root, 'b'), { recursive: true, filter: (path) => !path.endsWith('.sock') });
  return join(root, 'b', 'logs', 'job', 'stdout.log.gz');
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

  const { store, engine } = await open('b');
  expect((await read(store)).sequences).toEqual(all);
  await engine.sealAll();
  expect((await read(store)).sequences).toEqual(all);
  await store.close();
  const again = await open('b');
  expect((await read(again.store)).sequences).toEqual(all);
});
