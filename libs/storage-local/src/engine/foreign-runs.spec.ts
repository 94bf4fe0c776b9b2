import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { JOB_INDEX_FILE, LOG_DIRECTORY, RUNS_DIRECTORY, STORE_ID_FILE } from '../format/file-names.js';
import type { LocalStoreEvent } from '../local-store.js';
import { EngineStores, type OpenedStore } from '../testing/engine-stores.js';
import { collect } from '../testing/temp-store.js';
import { verifyLocalStore } from '../verify/verify-store.js';
import { olderJobIndex } from './job-index.js';

const ROWS = 20;

describe('a run of another store', () => {
  let stores: EngineStores;

  beforeEach(async () => {
    stores = await EngineStores.create({ segmentBytes: 16 * 1024 });
  });
  afterEach(() => stores[Symbol.asyncDispose]());

  const at = (name: string, ...path: string[]) => stores.at(name, ...path);
  const open = (name: string) => stores.open(name);
  const runOf = (name: string, number: number) => at(name, RUNS_DIRECTORY, `${number}.run`);
  const told = (type: LocalStoreEvent['type']) =>
    stores.events.flatMap((event) => (event.type === type && 'path' in event ? [event.path] : []));

  const crash = (from: string, to: string) => stores.crash(from, to);

  const contentOf = (of: string, row: number) => `${of} ${row}`;

  async function write({ store }: OpenedStore, jobId: string, of: string, first = 0): Promise<void> {
    const rows = Array.from({ length: ROWS }, (_, row) => ({
      jobId,
      stream: 1 as const,
      timestamp: BigInt(first + row + 1),
      content: Buffer.from(contentOf(of, first + row)),
    }));
    await store.writeLogs(LogBatch.from(rows));
  }

  async function expectRows({ store }: OpenedStore, jobId: string, of: string, count = ROWS): Promise<void> {
    const { rows, gaps } = await collect(store.readLogs({ jobId }));
    const contents = Array.from({ length: count }, (_, row) => contentOf(of, row));
    expect(rows.map(({ content }) => Buffer.from(content).toString())).toEqual(contents);
    expect(gaps).toEqual([]);
  }

  const expectUnknown = ({ store }: OpenedStore, jobId: string) =>
    expect(collect(store.readLogs({ jobId }))).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });

  /** A store with these runs, each with rows of `own-N` and, behind those of the runs before, of `shared`. */
  async function storeWithRuns(name: string, runs: number, { trims = false } = {}): Promise<void> {
    const opened = await open(`${name}-running`);
    for (let run = 0; run < runs; run++) {
      await write(opened, `${name}-${run}`, name);
      await write(opened, 'shared', name, run * ROWS);
      await opened.engine.spillAll();
    }
    // Until the log has nothing of the runs.
    for (let count = 0; trims && count < 3; count++) {
      for (let more = 0; more < 20; more++) await write(opened, 'filler', 'f'.repeat(60));
      await opened.store.endJob('filler', { time: 1n });
      await opened.engine.settled();
      await opened.engine.checkpoint();
    }
    await crash(`${name}-running`, name);
  }

  async function expectAll(opened: OpenedStore, name: string, runs: number): Promise<void> {
    for (let run = 0; run < runs; run++) await expectRows(opened, `${name}-${run}`, name);
    await expectRows(opened, 'shared', name, runs * ROWS);
  }

  async function problemsOf(name: string) {
    const found: { path: string; problem: string }[] = [];
    let total = 0;
    for await (const report of verifyLocalStore({ baseDirectory: at(name) })) {
      if (report.kind === 'run') found.push(...report.problems);
      if (report.kind === 'total') total = report.problems;
    }
    return { found, total };
  }

  it('is not used, stays where it is, and is told at each start and by verify', async () => {
    await storeWithRuns('ours', 2);
    await storeWithRuns('theirs', 1);
    await copyFile(runOf('theirs', 1), runOf('ours', 7));
    const before = await readFile(runOf('ours', 7));
    for (let start = 0; start < 2; start++) {
      expect(await problemsOf('ours')).toEqual({
        found: [{ path: runOf('ours', 7), problem: expect.stringContaining('of another store') as unknown }],
        total: 1,
      });
      stores.events.length = 0;
      const opened = await open('ours');
      expect(told('foreign-run')).toEqual([runOf('ours', 7)]);
      expect(told('run-damaged')).toEqual([]);
      await expectAll(opened, 'ours', 2);
      await expectUnknown(opened, 'theirs-0');
      await opened.store.close();
      expect(await readFile(runOf('ours', 7))).toEqual(before);
    }
  });

  it.each([7, 999_999_999_999_999])('keeps its name when it is %i.run: ours get others', async (number) => {
    await storeWithRuns('ours', 1);
    await storeWithRuns('theirs', 1);
    const path = runOf('ours', number);
    await copyFile(runOf('theirs', 1), path);
    const before = await readFile(path);
    const opened = await open('ours');
    for (let run = 1; run < 9; run++) {
      await write(opened, `ours-${run}`, 'ours');
      await write(opened, 'shared', 'ours', run * ROWS);
      await opened.engine.spillAll();
    }
    await opened.engine.checkpoint();
    await opened.engine.checkpoint();
    await crash('ours', 'again');
    expect(await readFile(path)).toEqual(before);
    await expectAll(await open('again'), 'ours', 9);
  });

  it.each([false, true])('in the place of one of ours, when the log was trimmed: %s', async (trims) => {
    await storeWithRuns('ours', 2, { trims });
    await storeWithRuns('theirs', 1);
    await copyFile(runOf('theirs', 1), runOf('ours', 1));
    const opened = await open('ours');
    expect(told('foreign-run')).toEqual([runOf('ours', 1)]);
    expect(told('run-damaged')).toEqual(trims ? [runOf('ours', 1)] : []);
    if (!trims) return expectAll(opened, 'ours', 2);
    await expectRows(opened, 'ours-1', 'ours');
    const { rows, gaps } = await collect(opened.store.readLogs({ jobId: 'shared' }));
    expect(rows.map(({ content }) => Buffer.from(content).toString())).toEqual(
      Array.from({ length: ROWS }, (_, row) => contentOf('ours', ROWS + row)),
    );
    expect(gaps).toHaveLength(1);
  });

  describe('when the id is lost', () => {
    const losses: [string, (path: string) => Promise<unknown>][] = [
      ['gone', (path) => rm(path)],
      ['empty', (path) => writeFile(path, '')],
      ['damaged', (path) => writeFile(path, `${'g'.repeat(32)}\n`)],
      ['a folder', (path) => rm(path).then(() => mkdir(path))],
    ];

    const idOf = (name: string) => readFile(at(name, STORE_ID_FILE), 'latin1');

    it.each(losses)(
      '(%s): those that the job index names tell ours, however many others there are',
      async (what, lose) => {
        await storeWithRuns('ours', 1, { trims: true });
        await storeWithRuns('theirs', 3);
        const id = await idOf('ours');
        for (const run of [1, 2, 3]) await copyFile(runOf('theirs', run), runOf('ours', run + 1));
        await lose(at('ours', STORE_ID_FILE));
        expect((await problemsOf('ours')).found.map(({ path }) => path).sort()).toEqual(
          [2, 3, 4].map((run) => runOf('ours', run)),
        );
        const opened = await open('ours');
        expect(told('foreign-run').sort()).toEqual([2, 3, 4].map((run) => runOf('ours', run)));
        await expectAll(opened, 'ours', 1);
        await expectUnknown(opened, 'theirs-0');
        if (what === 'a folder')
          return expect(stores.events).toContainEqual(expect.objectContaining({ type: 'background-failed' }));
        expect(await idOf('ours')).toBe(id);
        expect((await stat(at('ours', STORE_ID_FILE))).mode & 0o777).toBe(0o600);
      },
    );

    it.each([
      [2, 1],
      [1, 1],
    ])(
      'with the job index: most of the runs do, else the lowest number (%i of ours, %i of others)',
      async (ours, theirs) => {
        await storeWithRuns('ours', ours, { trims: true });
        await storeWithRuns('theirs', theirs);
        for (let run = 1; run <= theirs; run++)
          await copyFile(runOf('theirs', run), runOf('ours', ours + run));
        const path = at('ours', JOB_INDEX_FILE);
        for (const lost of [at('ours', STORE_ID_FILE), path, olderJobIndex(path)]) await rm(lost);
        expect((await problemsOf('ours')).found).toHaveLength(theirs);
        const opened = await open('ours');
        expect(told('foreign-run')).toHaveLength(theirs);
        await expectAll(opened, 'ours', ours);
        await expectUnknown(opened, 'theirs-0');
      },
    );

    it('with the whole log, or the log alone: all runs are ours', async () => {
      await storeWithRuns('ours', 2, { trims: true });
      await crash('ours', 'without-log');
      for (const name of ['ours', 'without-log']) await rm(at(name, LOG_DIRECTORY), { recursive: true });
      await rm(at('ours', STORE_ID_FILE));
      for (const name of ['ours', 'without-log']) await expectAll(await open(name), 'ours', 2);
      expect(told('foreign-run')).toEqual([]);
    });
  });

  it('is none after the whole store was moved', async () => {
    await storeWithRuns('ours', 2, { trims: true });
    await mkdir(at('elsewhere'));
    await rename(at('ours'), at('elsewhere', 'store'));
    expect(await readdir(at('elsewhere', 'store', RUNS_DIRECTORY))).toEqual(['1.run', '2.run']);
    await expectAll(await open('elsewhere/store'), 'ours', 2);
    expect(stores.events.filter(({ type }) => type === 'foreign-run')).toEqual([]);
  });
});
