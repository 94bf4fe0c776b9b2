import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch, type NewLogRow } from '@joblet/storage';
import fc from 'fast-check';
import { IndexFiles } from './block-index/index-files.js';
import { JOB_INDEX_FILE, indexFileOf, filterFileOf, temporaryFileOf } from './format/file-names.js';
import { openEngineStore, type LocalStoreOptions } from './local-store.js';
import { FileSnapshot } from './read/file-snapshot.js';
import { collect, tempDirectory } from './testing/temp-store.js';

const JOB = 'job-1';

let directory: Awaited<ReturnType<typeof tempDirectory>>;
let base: string;

beforeEach(async () => {
  directory = await tempDirectory();
  base = join(directory.path, 'store');
});

afterEach(() => directory.remove());

const open = (options: Partial<LocalStoreOptions> = {}) =>
  openEngineStore({ baseDirectory: base, ...options });
type Opened = Awaited<ReturnType<typeof open>>;

const logsOf = (name: string) => join(base, 'logs', JOB, name);

/** Blocks of a few rows each, in all three files. */
async function writeBlocks({ store, engine }: Opened, blocks: number, first = 0): Promise<void> {
  for (let block = first; block < first + blocks; block++) {
    const rows = Array.from({ length: 40 }, (_, row): NewLogRow => ({
      jobId: JOB,
      stream: 1 + (row % 2),
      timestamp: BigInt(1_000 * block + row + 1),
      sequence: BigInt(row),
      content: Buffer.from(`block ${block} row ${row} ${'abc '.repeat(row)}needle-${block * 40 + row}\n`),
    }));
    await store.writeLogs(LogBatch.from(rows));
    const metrics = Array.from({ length: 40 }, (_, row) => ({
      jobId: JOB,
      timestamp: BigInt(block * 40 + row + 1),
      sequence: 0n,
      data: { cpuUsage: row / 3, memoryUsage: BigInt(row) << 40n, gpuUsage: 0 },
    }));
    await store.writeMetrics(MetricBatch.from(metrics));
    await engine.sealAll();
  }
}

async function rowsOf({ store }: Opened): Promise<object> {
  return {
    logs: await collect(store.readLogs({ jobId: JOB })),
    metrics: await collect(store.readMetrics({ jobId: JOB })),
  };
}

async function copyTo(name: string): Promise<string> {
  const copy = join(directory.path, name);
  await cp(base, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
  return copy;
}

describe('files of ended jobs', () => {
  it('have the same rows in fewer and smaller blocks, and an index as it would be made of them', async () => {
    const opened = await open();
    await writeBlocks(opened, 20);
    const before = await rowsOf(opened);
    const info = await opened.store.getJobInfo(JOB);
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe(0);
    await opened.store.endJob(JOB, { time: 1n });
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe(3);
    expect(await rowsOf(opened)).toEqual(before);
    const { sizeBytes, end, ...after } = await opened.store.getJobInfo(JOB);
    expect(after).toEqual({ ...info, sizeBytes: undefined, end: undefined });
    expect(end).toEqual({ time: 1n });
    expect(Number(sizeBytes)).toBeLessThan(Number(info.sizeBytes) / 2);
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe(3);
    await opened.store.close();
    for (const [fileName, stream] of [
      ['stdout.log.gz', 1],
      ['stderr.log.gz', 2],
    ] as const) {
      const path = logsOf(fileName);
      const made = [await readFile(indexFileOf(path)), await readFile(filterFileOf(path))];
      const indexes = new IndexFiles();
      await indexes.drop(path);
      const data = FileSnapshot.openSync(path, undefined) as FileSnapshot;
      const index = await indexes.open({ path, stream, jobId: JOB }, data);
      expect(index?.length).toBe(1);
      await data.close();
      await indexes.close();
      expect([await readFile(indexFileOf(path)), await readFile(filterFileOf(path))]).toEqual(made);
    }
    const again = await open();
    expect(await rowsOf(again)).toEqual(before);
    await again.engine.rewriteEnded();
    expect(again.engine.figures().filesRewritten).toBe(0);
    await again.store.close();
  });

  it('are rewritten when no row has come for a while, and rows that come then go on behind', async () => {
    let now = 1_000_000;
    const opened = await open({ now: () => now, endedIdleMs: 60_000 });
    await writeBlocks(opened, 20);
    now += 59_999;
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe(0);
    now += 1;
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe(3);
    await writeBlocks(opened, 1, 20);
    const { logs } = (await rowsOf(opened)) as { logs: { rows: unknown[]; gaps: unknown[] } };
    expect([logs.rows.length, logs.gaps]).toEqual([840, []]);
    await opened.store.close();
    const again = await open();
    expect((await collect(again.store.readLogs({ jobId: JOB }))).rows).toEqual(logs.rows);
    await again.store.close();
  });

  it('are there, old or new, wherever a crash comes', async () => {
    const opened = await open();
    await writeBlocks(opened, 12);
    await opened.store.endJob(JOB, { time: 1n });
    await opened.engine.checkpoint();
    const before = await rowsOf(opened);
    const old = await copyTo('old');
    await opened.engine.rewriteEnded();
    await opened.engine.settled();
    const rewritten = await copyTo('rewritten');
    await writeBlocks(opened, 30, 12);
    const after = await rowsOf(opened);
    await opened.engine.settled();
    const appended = await copyTo('appended');
    await opened.store.close();

    const check = async (rows: object): Promise<void> => {
      const crashed = await open();
      expect(await rowsOf(crashed)).toEqual(rows);
      await crashed.engine.rewriteEnded();
      expect(await rowsOf(crashed)).toEqual(rows);
      await writeBlocks(crashed, 1, 90);
      await crashed.store.close();
      expect((await readdir(join(base, 'logs', JOB))).filter((name) => name.startsWith('.'))).toEqual([]);
    };
    const use = async (from: string): Promise<void> => {
      await rm(base, { recursive: true, force: true });
      await cp(from, base, { recursive: true });
    };
    const path = logsOf('stdout.log.gz');
    // A new file that is not whole.
    await use(old);
    await writeFile(temporaryFileOf(path), (await readFile(path)).subarray(0, 1_000));
    await check(before);
    // Behind the rename of one file; then with its index; then of all; the job index is older.
    const names = ['stdout.log.gz', 'stdout.log.gz.idx', 'stdout.log.gz.flt', 'stderr.log.gz'];
    for (let renamed = 1; renamed <= names.length; renamed++) {
      await use(old);
      for (const name of names.slice(0, renamed)) await cp(join(rewritten, 'logs', JOB, name), logsOf(name));
      await check(before);
    }
    // Rows were appended to the new file, whose size is one that the old one had not.
    await use(appended);
    await cp(join(old, JOB_INDEX_FILE), join(base, JOB_INDEX_FILE));
    await check(after);
  });

  it('have the rows that they had, whatever they are', async () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.string({ unit: 'binary', maxLength: 60 }).map((text) => Buffer.from(text)),
      fc.constantFrom('', '\n', 'a\\"b<&>\u2028').map((text) => Buffer.from(text)),
    );
    const row = fc.record({
      jobId: fc.constant(JOB),
      stream: fc.constantFrom(0, 1, 2, 9),
      timestamp: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      sequence: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      content,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(row, { minLength: 30, maxLength: 80 }), { minLength: 8, maxLength: 12 }),
        async (batches) => {
          await rm(base, { recursive: true, force: true });
          const opened = await open({ sync: 'never' });
          for (const batch of batches) {
            await opened.store.writeLogs(LogBatch.from(batch));
            await opened.engine.sealAll();
          }
          const before = await rowsOf(opened);
          await opened.store.endJob(JOB, { time: 1n });
          await opened.engine.rewriteEnded();
          expect(opened.engine.figures().filesRewritten).toBeGreaterThan(0);
          expect(await rowsOf(opened)).toEqual(before);
          await opened.store.close();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('are left alone when they are damaged, and when the store is closed', async () => {
    const opened = await open();
    await writeBlocks(opened, 20);
    await opened.store.endJob(JOB, { time: 1n });
    const path = logsOf('stdout.log.gz');
    const bytes = await readFile(path);
    bytes[bytes.length >> 1] ^= 0xff;
    await writeFile(path, bytes);
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe(2);
    expect(await readFile(path)).toEqual(bytes);
    const closing = opened.store.close();
    await opened.engine.rewriteEnded();
    await closing;
  });
});
