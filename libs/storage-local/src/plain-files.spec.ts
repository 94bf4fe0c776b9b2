import { spawnSync } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch, substringFilter, type LogQuery } from '@joblet/storage';
import fc from 'fast-check';
import { inspectLocalFile, verifyLocalStore } from './index.js';
import type { FileBlock } from './verify/verify-report.js';
import { IndexFiles } from './block-index/index-files.js';
import { indexFileOf } from './format/file-names.js';
import { openEngineStore } from './local-store.js';
import { FileSnapshot } from './read/file-snapshot.js';
import { plainRow, PLAIN_JOB, rowOf, writtenRow } from './testing/plain-job.js';
import { collect, tempDirectory } from './testing/temp-store.js';

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
const batchOf = (from: number, to: number) => LogBatch.from(numbers(from, to).map(plainRow));
const has = (program: string) => spawnSync(program, ['--version']).status === 0;

describe('plain files', () => {
  let directory: string;
  let remove: () => Promise<void>;
  const open = (compression: boolean, baseDirectory = directory) =>
    openEngineStore({ baseDirectory, compression, blockBytes: 2_000 });
  const logs = (name: string) => join(directory, 'logs', PLAIN_JOB, name);

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
  });

  afterEach(() => remove());

  async function rowsAndGaps(compression: boolean, query: Partial<LogQuery> = {}) {
    const { store } = await open(compression);
    try {
      const { rows, gaps } = await collect(store.readLogs({ jobId: PLAIN_JOB, ...query }));
      return { rows: rows.map(rowOf), gaps };
    } finally {
      await store.close();
    }
  }

  it('have rows that other programs read, with their ordinals', async () => {
    const { store } = await open(false);
    await store.writeLogs(batchOf(0, 5));
    const data = { cpuUsage: 0.5, memoryUsage: 2n ** 60n, gpuUsage: 0 };
    await store.writeMetrics(MetricBatch.from([{ jobId: PLAIN_JOB, timestamp: 7n, sequence: 3n, data }]));
    await store.close();
    const text = await readFile(logs('stdout.log'), 'utf8');
    expect(text.split('\n')[1]).toBe(
      '{"job_id":"job","stream":1,"timestamp":1001,"sequence":1,"ordinal":1,"text":"row 1 ä\\"b\\\\\\n"}',
    );
    const metrics = join(directory, 'metrics', PLAIN_JOB, 'metrics.jsonl');
    expect(await readFile(metrics, 'utf8')).toBe(
      '{"job_id":"job","timestamp":7,"sequence":3,"ordinal":0,"data":{"cpu_usage":0.5,"memory_usage":1152921504606846976}}\n',
    );
    const ordinals = [0, 1, 3, 4];
    expect(
      text
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { ordinal: number }).ordinal),
    ).toEqual(ordinals);
    const program = 'import json,sys; print([json.loads(l)["ordinal"] for l in open(sys.argv[1])])';
    if (has('python3')) {
      const { stdout } = spawnSync('python3', ['-c', program, logs('stdout.log')], { encoding: 'utf8' });
      expect(JSON.parse(stdout)).toEqual(ordinals);
    }
    if (has('jq')) {
      const { stdout } = spawnSync('jq', ['-c', '.ordinal', logs('stdout.log')], { encoding: 'utf8' });
      expect(stdout.trim().split('\n').map(Number)).toEqual(ordinals);
    }
  });

  it('of somebody else get their ordinals in the order of the file, and new rows a line of their own', async () => {
    await mkdir(logs(''), { recursive: true });
    const foreign = (index: number) => {
      const { timestamp, content } = plainRow(index);
      return JSON.stringify({
        job_uuid: PLAIN_JOB,
        stream: 1,
        timestamp: Number(timestamp),
        sequence: index,
        text: String(content),
      });
    };
    await writeFile(logs('stdout.log'), `${foreign(0)}\n${foreign(1)}\n\n${foreign(3)}`);
    const { store } = await open(false);
    await store.writeLogs(batchOf(4, 6));
    await store.close();
    const { rows, gaps } = await rowsAndGaps(false);
    expect(gaps).toEqual([]);
    expect(rows.map((row) => row.split(' ').slice(0, 4).join(' '))).toEqual([
      '0 1 1000 0',
      '1 1 1001 1',
      '2 1 1003 3',
      '3 1 1004 4',
      '4 2 1005 5',
    ]);
  });

  it('beside compressed ones: when compression is switched, all rows are there, in order', async () => {
    for (const [turn, compression] of [true, false, true, false].entries()) {
      const { store } = await open(compression);
      await store.writeLogs(batchOf(10 * turn, 10 * turn + 10));
      await store.close();
    }
    const { rows, gaps } = await rowsAndGaps(true);
    expect(gaps).toEqual([]);
    expect(rows).toEqual(numbers(0, 40).map(writtenRow));
    expect((await stat(logs('stdout.log.gz'))).size).toBeGreaterThan(0);
    expect((await rowsAndGaps(false, { tail: 15 })).rows).toEqual(numbers(25, 40).map(writtenRow));
  });

  it('have an index that is believed while it fits, extended and made again', async () => {
    const { store } = await open(false);
    await store.writeLogs(batchOf(0, 300));
    await store.flush();
    await store.close();
    const path = logs('stdout.log');
    const file = { path, jobId: PLAIN_JOB, stream: 1 };
    const totals = async (): Promise<unknown> => {
      const data = FileSnapshot.openSync(path, undefined);
      if (!(data instanceof FileSnapshot)) throw new Error('there is no file');
      const index = await new IndexFiles().open(file, data);
      await data.close();
      if (index?.coveredBytes !== data.size) return undefined;
      const able = await index.blocksWith([Buffer.from('row 3 ')]);
      const bytes = numbers(0, index.length).reduce((sum, block) => sum + index.contentBytes(block), 0n);
      return [able.length < index.length || index.length === 1, index.rowsBefore(index.length), bytes];
    };
    const first = await totals();
    expect(first).toEqual([true, 200, expect.anything()]);
    await rm(indexFileOf(path));
    expect(await totals()).toEqual(first);
    const line = '{"job_id":"job","timestamp":1,"ordinal":300,"text":"x"}\n';
    await appendFile(path, line);
    expect(await totals()).toEqual([true, 201, ((first as unknown[])[2] as bigint) + 1n]);
    await appendFile(path, '{"job_id":"job","timest');
    expect(await totals()).toBeUndefined();
  });

  it('answer each query as compressed ones do', async () => {
    const other = await tempDirectory();
    const plain = await open(false);
    const compressed = await open(true, other.path);
    const stores = [plain, compressed];
    const bound = fc.integer({ min: -5, max: 130 });
    try {
      for (const { store } of stores) {
        for (const from of [0, 20, 40, 60]) {
          await store.writeLogs(batchOf(from, from + 20));
          await store.flush();
        }
        await store.writeLogs(batchOf(80, 120));
      }
      await fc.assert(
        fc.asyncProperty(
          fc.record(
            {
              stream: fc.constantFrom(0, 1, 2),
              startTime: bound.map((row) => BigInt(1000 + row)),
              endTime: bound.map((row) => BigInt(1000 + row)),
              afterOrdinal: fc.bigInt({ min: 0n, max: 125n }),
              filter: fc.nat({ max: 125 }).map((row) => substringFilter(`row ${row}`)),
            },
            { requiredKeys: [] },
          ),
          fc.oneof(
            fc.record({ tail: fc.nat({ max: 130 }) }),
            fc.record({ offset: fc.nat({ max: 130 }), limit: fc.nat({ max: 130 }) }, { requiredKeys: [] }),
          ),
          async (conditions, counts) => {
            const query = { jobId: PLAIN_JOB, ...conditions, ...counts };
            fc.pre((query.startTime ?? 0n) <= (query.endTime ?? query.startTime ?? 0n));
            const [one, two] = await Promise.all(
              stores.map(async ({ store }) => {
                const { rows, gaps } = await collect(store.readLogs(query));
                return { rows: rows.map(rowOf), gaps };
              }),
            );
            expect(one).toEqual(two);
          },
        ),
        { numRuns: 150, seed: 7 },
      );
    } finally {
      for (const { store } of stores) await store.close();
      await other.remove();
    }
  });

  it('cut by a crash at any byte: what is missing comes from the log, whatever the setting is then', async () => {
    const { store, engine } = await open(false);
    await store.writeLogs(batchOf(0, 12));
    await engine.sealAll();
    await engine.checkpoint();
    const { size: synced } = await stat(logs('stdout.log'));
    await store.writeLogs(batchOf(12, 20));
    await engine.sealAll();
    await engine.settled();
    const image = await tempDirectory();
    const copyOf = (from: string, to: string) =>
      cp(from, to, { recursive: true, filter: (name) => !name.endsWith('.sock') });
    await copyOf(directory, join(image.path, 'image'));
    const { size } = await stat(logs('stdout.log'));
    await store.close();
    try {
      for (let length = synced, turn = 0; length <= size; length += 37, turn++) {
        const baseDirectory = join(image.path, String(length));
        await copyOf(join(image.path, 'image'), baseDirectory);
        const file = join(baseDirectory, 'logs', PLAIN_JOB, 'stdout.log');
        // A file that was made longer, and got a part of its data.
        await truncate(file, length);
        if (turn % 3 === 0) await truncate(file, size);
        for (const compression of [turn % 2 === 0, turn % 4 < 2]) {
          const reopened = await open(compression, baseDirectory);
          await reopened.engine.settled();
          const { rows, gaps } = await collect(reopened.store.readLogs({ jobId: PLAIN_JOB }));
          expect(gaps).toEqual([]);
          expect(rows.map(rowOf)).toEqual(numbers(0, 20).map(writtenRow));
          await reopened.store.close();
        }
        await rm(baseDirectory, { recursive: true });
      }
    } finally {
      await image.remove();
    }
  });

  it('are verified and shown: lines, their index, what is no row', async () => {
    const { store } = await open(false);
    await store.writeLogs(batchOf(0, 40));
    const sample = (index: number) => ({
      jobId: PLAIN_JOB,
      timestamp: BigInt(index),
      data: { cpuUsage: index / 2, memoryUsage: BigInt(index), gpuUsage: 0 },
    });
    await store.writeMetrics(MetricBatch.from(numbers(0, 20).map(sample)));
    await store.close();
    const path = logs('stdout.log');
    const verify = async () => {
      for await (const report of verifyLocalStore({ baseDirectory: directory }))
        if (report.kind === 'job') return report;
      throw new Error('no job was found');
    };
    const sound = await verify();
    expect(sound).toMatchObject({ rows: 60, missingRows: 0n, problems: [] });
    expect(sound.files.map(({ index }) => index)).toEqual(['whole', 'whole', 'whole']);
    await writeFile(path, Buffer.concat([Buffer.from('no row\n'), await readFile(path)]));
    const { problems } = await verify();
    expect(problems.map(({ problem }) => problem)).toContainEqual(expect.stringContaining('no row'));
    const { kind, blocks } = await inspectLocalFile(path);
    const shown: FileBlock[] = [];
    for await (const block of blocks) shown.push(block);
    expect(kind).toBe('data');
    expect(shown.map(({ rows }) => rows)).toEqual([0, 27]);
    expect(shown[1]).toMatchObject({ offset: 7, firstOrdinal: 0n, lastOrdinal: 39n });
  });
});
