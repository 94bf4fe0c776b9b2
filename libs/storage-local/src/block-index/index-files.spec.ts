import { appendFile, copyFile, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { filterFileOf, indexFileOf } from '../format/file-names.js';
import { checkIndex } from '../testing/check-index.js';
import { TestFile, type TestRow } from '../testing/indexed-file.js';
import { tempDirectory } from '../testing/temp-store.js';
import type { IndexEvent } from './index-event.js';
import { IndexFiles } from './index-files.js';
import { entryBytes, HEADER_BYTES } from './index-layout.js';

const T0 = 1_763_600_000_000_000_000n;
const int64 = fc.oneof(
  fc.constantFrom(0n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const time = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 100_000 }).map((ns) => T0 + BigInt(ns)) },
  int64,
);
const content = fc.oneof(
  fc
    .string({ unit: fc.constantFrom('a', 'b', '0', '1', ' '), maxLength: 60 })
    .map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 40 }),
);
const counters = fc.tuple(int64, int64, int64, int64);
const double = fc.double({ noNaN: true, min: -1e300, max: 1e300 });
const data = fc
  .record({
    double,
    other: double,
    memoryUsage: int64,
    disk: fc.option(counters),
    network: fc.option(counters),
  })
  .map(({ double: cpuUsage, other: gpuUsage, memoryUsage, disk, network }) => ({
    cpuUsage,
    memoryUsage,
    gpuUsage,
    ...(disk && {
      diskIo: { readBytes: disk[0], writeBytes: disk[1], readOps: disk[2], writeOps: disk[3] },
    }),
    ...(network && {
      networkIo: { rxBytes: network[0], txBytes: network[1], rxPackets: network[2], txPackets: network[3] },
    }),
  }));
const skip = fc.oneof(fc.constant(0), fc.nat({ max: 5 }));
const logRow = fc.record({ timestamp: time, content, skip });
const metricRow = fc
  .record({ timestamp: time, skip, data: fc.option(data, { nil: undefined }) })
  .map(({ data: values, ...row }) => ({ ...row, content: Buffer.alloc(0), ...(values && { data: values }) }));
const blocksOf = (row: fc.Arbitrary<TestRow>) =>
  fc.array(fc.array(row, { minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 8 });
/** Where a needle is: block, row, start, length, each as a part of what there is. */
const slices = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 24 })), {
  maxLength: 10,
});

function needles(file: TestFile, places: readonly [number, number, number, number][]): Uint8Array[][] {
  const cut = places.map(([block, row, start, length]) => {
    const rows = file.blocks[block % file.blocks.length];
    const { content: bytes } = rows[row % rows.length];
    const at = start % (bytes.length + 1);
    return bytes.subarray(at, at + length);
  });
  return [
    ...cut.map((one) => [one]),
    cut,
    [],
    [Buffer.from('never there')],
    [Buffer.from('0101'), Buffer.alloc(0)],
  ];
}

describe('the index of a data file', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let files = 0;
  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
  });
  afterEach(() => remove());

  const newFile = (stream = 1, jobId = 'j') =>
    new TestFile(join(directory, `${++files}.log.gz`), jobId, stream);
  const open = (file: TestFile, indexes = new IndexFiles(), size?: number) =>
    file.reading((bytes) => indexes.open(file, bytes), size);
  async function write(file: TestFile, blocks: readonly (readonly TestRow[])[], indexes = new IndexFiles()) {
    for (const rows of blocks) await indexes.append(file, [await file.append(rows)]);
  }
  async function checked(file: TestFile, indexes?: IndexFiles, literals: Uint8Array[][] = []): Promise<void> {
    const index = await open(file, indexes);
    if (!index) throw new Error('there is no index');
    expect(index.coveredBytes).toBe(file.size);
    await checkIndex(index, file, literals);
  }

  it.each([
    ['logs', 1, logRow],
    ['metrics', 0, metricRow],
  ] as const)(
    'says of the blocks of %s what their rows say, appended, read again or made again',
    async (_, stream, row) => {
      await fc.assert(
        fc.asyncProperty(blocksOf(row), slices, async (blocks, places) => {
          const file = newFile(stream);
          const indexes = new IndexFiles();
          await write(file, blocks, indexes);
          const literals = needles(file, places);
          await checked(file, indexes, literals);
          const appended = await readFile(indexFileOf(file.path));
          expect(appended.length).toBe(HEADER_BYTES + blocks.length * entryBytes(stream));
          await checked(file, undefined, literals);
          await indexes.drop(file.path);
          await expect(stat(indexFileOf(file.path))).rejects.toThrow('ENOENT');
          await checked(file, indexes, literals);
          expect((await readFile(indexFileOf(file.path))).equals(appended)).toBe(true);
        }),
        { numRuns: 40, seed: 5, endOnFailure: true },
      );
    },
  );

  it('leaves out blocks that do not have a needle', async () => {
    const file = newFile();
    const ids = Array.from({ length: 40 }, (_, block) =>
      createHash('sha256').update(String(block)).digest('hex').slice(0, 12),
    );
    await write(
      file,
      ids.map((id) => [{ timestamp: T0, content: Buffer.from(id) }]),
    );
    const index = await open(file);
    for (const [block, id] of ids.entries()) {
      expect(await index?.blocksWith([Buffer.from(id)])).toEqual([block]);
    }
    expect(await index?.blocksWith([Buffer.from('zzz')])).toHaveLength(40);
    expect(await index?.blocksWith([Buffer.from('nowhere')])).toEqual([]);
  });

  it('ends where a reader of an older moment ends, and its filters hold within any budget', async () => {
    const file = newFile();
    const blocks = Array.from({ length: 20 }, (_, block) => [
      { timestamp: T0, content: Buffer.from(`number ${block}`) },
    ]);
    const indexes = new IndexFiles({ memoryBytes: 9000 });
    await write(file, blocks, indexes);
    const { offset } = file.indexed[12];
    const index = await open(file, indexes, offset);
    expect(index).toMatchObject({ coveredBytes: offset, length: 12 });
    if (index) await checkIndex(index, file, [[Buffer.from('number 11')], [Buffer.from('number 12')]]);
    await checked(file, indexes, [[Buffer.from('number 19')]]);
    await checked(file, new IndexFiles({ memoryBytes: 0 }), [[Buffer.from('number 19')]]);
  });

  it('never hides a row when either file is cut anywhere, has wrong bits, or zeros', async () => {
    const file = newFile();
    await write(
      file,
      Array.from({ length: 6 }, (_, block) => [
        { timestamp: T0 + BigInt(block), content: Buffer.from(`block number ${block}`) },
      ]),
    );
    const literals = file.blocks.map(([{ content: bytes }]) => [bytes]);
    for (const path of [indexFileOf(file.path), filterFileOf(file.path)]) {
      const whole = await readFile(path);
      const damaged: Buffer[] = [];
      for (let length = 0; length < whole.length; length += 37) damaged.push(whole.subarray(0, length));
      for (let at = 0; at < whole.length; at += 29) {
        const flipped = Buffer.from(whole);
        flipped[at] ^= 1 << (at % 8);
        damaged.push(flipped);
      }
      for (let at = 0; at < whole.length; at += 512)
        damaged.push(Buffer.from(whole).fill(0, at, Math.min(at + 512, whole.length)));
      damaged.push(
        randomBytes(whole.length),
        Buffer.concat([whole, whole]),
        Buffer.concat([whole, randomBytes(300)]),
      );
      for (const bytes of damaged) {
        await writeFile(path, bytes);
        const indexes = new IndexFiles();
        await checked(file, indexes, literals);
        // What was found to be damaged is made again by the next reader.
        await checked(file, indexes, literals);
        await indexes.close();
        await checked(file, undefined, literals);
        const index = await open(file);
        expect(await index?.blocksWith(literals[3])).toEqual([3]);
      }
    }
  });

  it('is not believed beside data of another job, another stream, another time', async () => {
    const rows = (text: string) =>
      Array.from({ length: 5 }, (_, i) => [{ timestamp: T0, content: Buffer.from(`${text} ${i}`) }]);
    const file = newFile();
    await write(file, rows('this'));
    const others = [newFile(2), newFile(1, 'other'), newFile(), newFile()];
    await write(others[0], rows('this'));
    await write(others[1], rows('this'));
    await write(others[2], rows('that is longer'));
    await write(
      others[3],
      [...rows('this'), ...rows('this')].map(([row]) => [row, row]),
    );
    for (const other of others) {
      for (const name of [indexFileOf, filterFileOf]) {
        await copyFile(name(other.path), name(file.path));
        await checked(file, undefined, [[Buffer.from('this 3')]]);
        await checked(file, undefined, [[Buffer.from('this 3')]]);
      }
    }
  });

  it('follows data that is cut and goes on otherwise, and data that is renamed or replaced', async () => {
    const row = (text: string) => [{ timestamp: T0, content: Buffer.from(text) }];
    const indexes = new IndexFiles();
    const file = newFile();
    await write(file, ['first', 'second', 'third', 'fourth'].map(row), indexes);
    await checked(file, indexes);
    await truncate(file.path, file.indexed[1].offset);
    file.size = file.indexed[1].offset;
    file.blocks.length = file.indexed.length = 1;
    await write(file, [row('another second')], indexes);
    await checked(file, indexes, [[Buffer.from('another')]]);
    await checked(file, undefined, [[Buffer.from('another')]]);

    const rewritten = newFile();
    await write(rewritten, [[...row('first'), ...row('another second')]], indexes);
    const old = rewritten.path;
    await rename(old, file.path);
    await indexes.rename(old, file.path);
    rewritten.path = file.path;
    await checked(rewritten, indexes, [[Buffer.from('another')]]);
    await expect(stat(indexFileOf(old))).rejects.toThrow('ENOENT');
    await rm(indexFileOf(file.path));
    await write(rewritten, [row('behind')], indexes);
    await checked(rewritten, new IndexFiles(), [[Buffer.from('behind')]]);
  });

  it('serves readers of every moment while blocks are appended, and is dropped and renamed', async () => {
    const indexes = new IndexFiles();
    const file = newFile();
    const work: Promise<unknown>[] = [];
    for (let number = 0; number < 40; number++) {
      const block = await file.append([{ timestamp: T0, content: Buffer.from(`number ${number}`) }]);
      work.push(indexes.append(file, [block]));
      if (number % 11 === 10) work.push(indexes.drop(file.path));
      for (const size of [file.size, file.indexed[number >> 1].offset]) {
        if (size === 0) continue;
        work.push(
          file.reading(async (bytes) => {
            const index = await indexes.open(file, bytes);
            if (!index) return;
            expect(index.coveredBytes).toBe(size);
            await checkIndex(index, file, [[Buffer.from(`number ${number >> 2}`)]]);
          }, size),
        );
      }
    }
    await Promise.all(work);
    await checked(file, new IndexFiles(), [[Buffer.from('number 39')]]);
  });

  it('stays when a reader still has the file that was there before', async () => {
    const events: IndexEvent[] = [];
    const indexes = new IndexFiles({ onEvent: (event) => events.push(event) });
    const row = (text: string) => [{ timestamp: T0, content: Buffer.from(text) }];
    const old = newFile();
    await write(old, ['one', 'two', 'three'].map(row), indexes);
    const rewritten = newFile();
    await write(rewritten, [[...row('one'), ...row('two'), ...row('three')]], indexes);
    await old.reading(async (bytes) => {
      const { path } = rewritten;
      await rename(path, old.path);
      await indexes.rename(path, old.path);
      rewritten.path = old.path;
      expect(await indexes.open(old, bytes)).toBeUndefined();
    });
    await checked(rewritten, indexes, [[Buffer.from('three')]]);
    expect(events).toEqual([]);
  });

  it('is made in the background when there is much to describe, and goes on from where it was', async () => {
    const events: IndexEvent[] = [];
    const indexes = new IndexFiles({ onEvent: (event) => events.push(event) });
    const file = newFile();
    for (let block = 0; block < 10; block++) {
      await file.append([
        { timestamp: T0, content: randomBytes(120_000) },
        { timestamp: T0, content: Buffer.from(`number ${block}`) },
      ]);
    }
    expect(await open(file, indexes)).toBeUndefined();
    await indexes.idle();
    await checked(file, indexes, [[Buffer.from('number 5')]]);
    expect(events).toEqual([{ type: 'index-rebuilt', path: file.path, blocks: 10 }]);
    await file.append([{ timestamp: T0, content: Buffer.from('behind') }]);
    await checked(file, indexes, [[Buffer.from('behind')]]);
    expect(events).toHaveLength(1);

    await indexes.drop(file.path);
    expect(await open(file, indexes)).toBeUndefined();
    await indexes.close();
    await expect(stat(indexFileOf(file.path))).rejects.toThrow('ENOENT');
  });

  it('is none where the file is not all this store’s, whole and in order; it is tried again later', async () => {
    let now = 0;
    const file = newFile();
    const indexes = new IndexFiles({ now: () => now });
    await write(file, [[{ timestamp: T0, content: Buffer.from('one') }]], indexes);
    await appendFile(file.path, Buffer.alloc(100));
    file.size += 100;
    expect(await open(file, indexes)).toBeUndefined();
    await truncate(file.path, (file.size -= 100));
    await checked(file, indexes);
    await file.append([{ timestamp: T0, content: Buffer.from('two') }]);
    expect(await open(file, indexes)).toBeUndefined();
    now = 60_000;
    await checked(file, indexes);

    const twice = newFile();
    await twice.append([{ timestamp: T0, content: Buffer.from('one') }]);
    await appendFile(twice.path, await readFile(twice.path));
    twice.size *= 2;
    expect(await open(twice)).toBeUndefined();
  });

  it('is dropped, and told, when it cannot be written; appending goes on', async () => {
    const events: IndexEvent[] = [];
    const indexes = new IndexFiles({ onEvent: (event) => events.push(event) });
    const missing = new TestFile(join(directory, 'nowhere', 'file'), 'j', 1);
    const { indexed } = await (async () => {
      const file = newFile();
      await file.append([{ timestamp: T0, content: Buffer.from('one') }]);
      return file;
    })();
    await indexes.append(missing, indexed);
    expect(events).toEqual([
      {
        type: 'index-dropped',
        path: missing.path,
        reason: expect.stringContaining('ENOENT') as unknown as string,
      },
    ]);
  });
});
