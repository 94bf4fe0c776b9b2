import {
  cp,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  truncate,
  writeFile,
  open as openFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { inlineCalls } from '../disk/inline-calls.js';
import { openEngineStore, type LocalStoreEvent } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';
import { verifyLocalStore } from '../verify/verify-store.js';

const SMALL = { blockBytes: 4_000, segmentBytes: 16 * 1024, memoryBytes: 256 * 1024, reserveBytes: 0 };

describe('a start', () => {
  let root: string;
  let remove: () => Promise<void>;
  let events: LocalStoreEvent[];
  const stores: { close(): Promise<void> }[] = [];
  /** Files whose first sync fails, and those whose has. */
  let failing: RegExp;
  const failed = new Set<string>();

  beforeEach(async () => {
    failing = /(?!)/;
    failed.clear();
    ({ path: root, remove } = await tempDirectory());
    events = [];
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    for (const store of stores.splice(0)) await store.close();
    await remove();
  });

  const at = (name: string, ...path: string[]) => join(root, name, ...path);
  const typesOf = () => events.map(({ type }) => type);

  async function open(name: string) {
    const onEvent = (event: LocalStoreEvent) => events.push(event);
    const calls = inlineCalls();
    const syncData = async (fd: number): Promise<void> => {
      await failIfWanted(fd);
      return calls.syncData(fd);
    };
    const options = { baseDirectory: at(name), ...SMALL, onEvent };
    const opened = await openEngineStore(options, () => ({ ...calls, syncData }));
    stores.push(opened.store);
    return opened;
  }

  async function failIfWanted(fd: number): Promise<void> {
    const path = await readlink(`/proc/self/fd/${fd}`);
    if (!failing.test(path) || failed.has(path)) return;
    failed.add(path);
    throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
  }

  /** As a crash at this moment leaves it; the store goes on. */
  async function crash(from: string, to: string): Promise<void> {
    await cp(at(from), at(to), { recursive: true, filter: (path) => !path.endsWith('.sock') });
  }

  const contentOf = (jobId: string, row: number) => `${jobId} ${row} ${'x'.repeat(40)}`;

  function batch(jobId: string, first: number, count: number): LogBatch {
    const rowOf = (row: number) => ({
      jobId,
      stream: row % 3 === 2 ? (2 as const) : (1 as const),
      timestamp: BigInt(first + row),
      sequence: BigInt(first + row),
      content: Buffer.from(contentOf(jobId, first + row)),
    });
    return LogBatch.from(Array.from({ length: count }, (_, row) => rowOf(row)));
  }

  type Store = Awaited<ReturnType<typeof open>>['store'];

  const numbersOf = async (store: Store, jobId: string) => {
    const { rows, gaps } = await collect(store.readLogs({ jobId }));
    for (const { content, sequence } of rows)
      expect(Buffer.from(content).toString()).toBe(contentOf(jobId, Number(sequence)));
    return { sequences: rows.map(({ sequence }) => Number(sequence)), gaps };
  };

  async function expectRows(store: Store, jobId: string, first: number, end: number): Promise<void> {
    const sequences = Array.from({ length: end - first }, (_, index) => first + index);
    expect(await numbersOf(store, jobId)).toEqual({ sequences, gaps: [] });
  }

  it('keeps the runs that are needed, also when it first has to finish a deletion and the log presses', async () => {
    const { store, engine } = await open('a');
    await store.writeLogs(batch('kept', 0, 20));
    await engine.spillAll();
    await engine.checkpoint();
    // More than half of what the log may have before it presses, all of it of a job that is then deleted.
    for (let first = 0; first < 600; first += 60) await store.writeLogs(batch('deleted', first, 60));
    await engine.settled();
    await store.deleteJob('deleted');
    await crash('a', 'b');
    const second = await open('b');
    await second.engine.checkpoint();
    await second.engine.checkpoint();
    await expectRows(second.store, 'kept', 0, 20);
    await expect(numbersOf(second.store, 'deleted')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('finds rows once that a run has and that were sealed, but not synced, when it died', async () => {
    const { store, engine } = await open('a');
    await store.writeLogs(batch('job', 0, 30));
    await engine.spillAll();
    await engine.checkpoint();
    await engine.checkpoint();
    await engine.sealAll();
    await crash('a', 'b');
    const second = await open('b');
    await second.store.close();
    const third = await open('b');
    await expectRows(third.store, 'job', 0, 30);
    expect((await third.store.getJobInfo('job')).stdout.rows).toBe(20n);
  });

  it('puts rows that a file has lost in front of those that a run has', async () => {
    const { store, engine } = await open('a');
    await store.writeLogs(batch('job', 0, 10));
    await engine.sealAll();
    await store.writeLogs(batch('job', 10, 10));
    await engine.spillAll();
    await store.writeLogs(batch('job', 20, 10));
    await crash('a', 'b');
    // What was not synced is lost with the power; the log has it.
    await rm(at('b', 'logs', 'job'), { recursive: true });
    const second = await open('b');
    await expectRows(second.store, 'job', 0, 30);
    await second.store.close();
    await expectRows((await open('b')).store, 'job', 0, 30);
  });

  it('keeps end records, deletions and the numbering of jobs without rows when the job index, or the one before, is lost', async () => {
    const { store, engine } = await open('a');
    await store.writeLogs(batch('ended', 0, 5));
    await store.endJob('ended', { time: 7n, exitCode: 3 });
    await store.writeLogs(batch('expired', 0, 5));
    await store.endJob('expired', { time: 8n });
    await store.writeLogs(batch('deleted', 0, 5));
    await engine.spillAll();
    await store.deleteJob('deleted');
    await store.cleanup({ logsBefore: 1n << 62n, metricsBefore: 0n });
    await engine.settled();
    for (let count = 0; count < 3; count++) {
      for (let first = 0; first < 600; first += 60) await store.writeLogs(batch('filler', first, 60));
      await engine.sealAll();
      await engine.checkpoint();
    }
    expect(engine.figures().logBytes).toBeLessThan(200_000);
    for (const [copy, damage] of [
      ['lost', (path: string) => rm(path)],
      ['cut', (path: string) => truncate(path, 30)],
      ['empty', (path: string) => writeFile(path, '')],
      ['older', (path: string) => rm(`${path}.old`)],
    ] as const) {
      await crash('a', copy);
      await damage(at(copy, '.joblet', 'jobs'));
      const second = await open(copy);
      await second.store.writeLogs(batch('expired', 5, 2));
      const { rows } = await collect(second.store.readLogs({ jobId: 'expired' }));
      expect(rows.map(({ ordinal }) => ordinal)).toEqual([5n, 6n]);
      expect((await second.store.getJobInfo('ended')).end).toEqual({ time: 7n, exitCode: 3 });
      await expect(second.store.getJobInfo('deleted')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    }
  });

  it('is not misled by positions when the log was taken away: no deleted row returns, no new one is lost', async () => {
    const { store, engine } = await open('a');
    for (let first = 0; first < 300; first += 30) await store.writeLogs(batch('other', first, 30));
    await store.writeLogs(batch('job', 0, 5));
    await engine.spillAll();
    await store.deleteJob('job');
    await engine.settled();
    await engine.checkpoint();
    await crash('a', 'b');
    await rm(at('b', '.joblet', 'wal'), { recursive: true });
    const second = await open('b');
    expect(typesOf()).toContain('log-hole');
    await expect(numbersOf(second.store, 'job')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    await second.store.writeLogs(batch('job', 100, 5));
    await second.store.writeLogs(batch('other', 300, 5));
    await crash('b', 'c');
    const third = await open('c');
    await expectRows(third.store, 'job', 100, 105);
    await expectRows(third.store, 'other', 0, 305);
  });

  it('tells of a part of the log that is lost, and leaves a gap where its rows were', async () => {
    const { store } = await open('a');
    for (let first = 0; first < 50; first += 10) await store.writeLogs(batch('job', first, 10));
    await crash('a', 'b');
    const directory = at('b', '.joblet', 'wal');
    const name = (await readdir(directory)).find((file) => file.endsWith('.wal')) ?? '';
    const bytes = await readFile(join(directory, name));
    const target = bytes.indexOf(contentOf('job', 30));
    expect(target).toBeGreaterThan(0);
    bytes.fill(0x55, target, target + 100);
    await writeFile(join(directory, name), bytes);
    const second = await open('b');
    expect(typesOf()).toContain('log-hole');
    const { sequences, gaps } = await numbersOf(second.store, 'job');
    expect(sequences).toEqual([...Array(30).keys(), ...Array.from({ length: 10 }, (_, index) => 40 + index)]);
    expect(gaps).toHaveLength(1);
    await second.store.close();
    expect(await numbersOf((await open('b')).store, 'job')).toMatchObject({ sequences, gaps: [{}] });
  });

  it('tells that the newest part of the log was taken away, though nothing else knows what it had', async () => {
    const { store } = await open('a');
    await store.writeLogs(batch('job', 0, 10));
    await crash('a', 'b');
    const directory = at('b', '.joblet', 'wal');
    for (const name of await readdir(directory)) if (name.endsWith('.wal')) await rm(join(directory, name));
    const verified: object[] = [];
    for await (const report of verifyLocalStore({ baseDirectory: at('b') }))
      if (report.kind === 'log') verified.push(...report.problems);
    expect(verified).toHaveLength(1);
    const second = await open('b');
    expect(typesOf()).toContain('log-hole');
    await second.store.writeLogs(batch('job', 10, 10));
    await second.store.close();
    events = [];
    await expectRows((await open('b')).store, 'job', 10, 20);
    expect(events).toEqual([]);
  });

  describe('when a run is damaged', () => {
    const piecesOf = async (path: string) => {
      const bytes = await readFile(path);
      return { bytes, target: bytes.indexOf(contentOf('job', 12)) };
    };
    const damages: [string, (path: string) => Promise<void>][] = [
      ['has a changed bit', async (path) => changed(path, (bytes, target) => (bytes[target + 30] ^= 1))],
      ['has zeros', async (path) => changed(path, (bytes, target) => bytes.fill(0, target, target + 40))],
      ['is cut in its first piece', async (path) => truncate(path, (await piecesOf(path)).target)],
      ['is cut to nothing', async (path) => truncate(path, 0)],
      ['is gone', async (path) => rm(path)],
      ['is a folder', async (path) => rm(path).then(() => mkdir(path))],
    ];

    async function changed(path: string, change: (bytes: Buffer, target: number) => unknown): Promise<void> {
      const { bytes, target } = await piecesOf(path);
      expect(target).toBeGreaterThan(0);
      change(bytes, target);
      await writeFile(path, bytes);
    }

    /** Rows 0 to 9 in files, 10 to 19 in `1.run`, 20 to 29 in another. */
    async function write({ store, engine }: Awaited<ReturnType<typeof open>>): Promise<void> {
      await store.writeLogs(batch('job', 0, 10));
      await engine.sealAll();
      await store.writeLogs(batch('job', 10, 10));
      await store.writeLogs(batch('other', 0, 10));
      await engine.spillAll();
      await store.writeLogs(batch('job', 20, 10));
      await engine.spillAll();
    }

    /** Until the log has no row of the runs any more. */
    async function trim({ store, engine }: Awaited<ReturnType<typeof open>>): Promise<void> {
      for (let count = 0; count < 3; count++) {
        for (let first = 0; first < 600; first += 60)
          await store.writeLogs(batch(`filler-${count}`, first, 60));
        await engine.spillAll();
        await engine.checkpoint();
      }
    }

    const withGap = [
      ...Array.from({ length: 10 }, (_, row) => row),
      ...Array.from({ length: 10 }, (_, row) => 20 + row),
    ];

    it.each(damages)('that %s: takes its rows from the log', async (_, damage) => {
      const first = await open('a');
      await write(first);
      await crash('a', 'b');
      await damage(at('b', '.joblet', 'runs', '1.run'));
      const second = await open('b');
      await expectRows(second.store, 'job', 0, 30);
      await expectRows(second.store, 'other', 0, 10);
      await second.store.close();
      await expectRows((await open('b')).store, 'job', 0, 30);
      expect(typesOf()).not.toContain('job-parked');
    });

    it.each(damages)('that %s: leaves a gap when the log does not have its rows', async (name, damage) => {
      const first = await open('a');
      await write(first);
      await first.engine.checkpoint();
      await trim(first);
      await crash('a', 'b');
      await damage(at('b', '.joblet', 'runs', '1.run'));
      const second = await open('b');
      expect(await numbersOf(second.store, 'job')).toMatchObject({ sequences: withGap, gaps: [{}] });
      expect(events).toContainEqual(expect.objectContaining({ type: 'run-damaged' }));
      if (/bit|zeros/.test(name)) {
        expect(events).toContainEqual(
          expect.objectContaining({ type: 'run-damaged', jobId: 'job', area: 'logs' }),
        );
        await expectRows(second.store, 'other', 0, 10);
      }
      await second.store.writeLogs(batch('job', 30, 5));
      await second.store.close();
      const third = await open('b');
      const behind = Array.from({ length: 5 }, (_, row) => 30 + row);
      expect(await numbersOf(third.store, 'job')).toMatchObject({
        sequences: [...withGap, ...behind],
        gaps: [{}],
      });
      expect(typesOf()).not.toContain('job-parked');
      expect(third.engine.figures().runs).toBe(0);
    });

    it('does not bring back from the log what was deleted before, nor delete what was written since', async () => {
      const { store, engine } = await open('a');
      await store.writeLogs(batch('again', 0, 20));
      await store.deleteJob('again');
      await engine.checkpoint();
      await engine.checkpoint();
      await store.writeLogs(batch('again', 100, 5));
      await engine.sealAll();
      await store.writeLogs(batch('job', 0, 20));
      await engine.spillAll();
      await engine.checkpoint();
      await engine.checkpoint();
      await crash('a', 'b');
      await rm(at('b', '.joblet', 'runs', '1.run'));
      const second = await open('b');
      expect(typesOf()).toContain('run-damaged');
      await expectRows(second.store, 'again', 100, 105);
      await expectRows(second.store, 'job', 0, 20);
    });

    it.each(damages.slice(0, 2))(
      'under a store that runs (%s): the log has the rows, or there is a gap',
      async (_, damage) => {
        for (const isTrimmed of [false, true]) {
          const name = isTrimmed ? 'b' : 'a';
          const opened = await open(name);
          await write(opened);
          if (isTrimmed) {
            await opened.engine.checkpoint();
            await trim(opened);
          }
          await damage(at(name, '.joblet', 'runs', '1.run'));
          const found = await numbersOf(opened.store, 'job');
          if (isTrimmed) expect(found).toMatchObject({ sequences: withGap, gaps: [{}] });
          else await expectRows(opened.store, 'job', 0, 30);
          await expectRows(opened.store, 'other', 0, 10);
          await opened.engine.settled();
          await opened.engine.sealAll();
          expect(await numbersOf(opened.store, 'job')).toMatchObject({ sequences: found.sequences });
          expect(opened.engine.figures().parkedAreas).toBe(0);
        }
      },
    );
  });

  it('has more rows in runs than runs may be', async () => {
    const { store, engine } = await open('a');
    for (let run = 0; run < 70; run++) {
      await store.writeLogs(batch('job', run, 1));
      await store.writeLogs(batch(`job-${run}`, 0, 1));
      await engine.spillAll();
    }
    await crash('a', 'b');
    const second = await open('b');
    await expectRows(second.store, 'job', 0, 70);
    for (let run = 0; run < 70; run++) await expectRows(second.store, `job-${run}`, 0, 1);
  });

  it('holds no more files open than it may, and has synced those that it closed', async () => {
    const { store, engine } = await open('a');
    for (let job = 0; job < 140; job++) await store.writeLogs(batch(`job-${job}`, 0, 3));
    await engine.sealAll();
    expect(engine.figures().openFiles).toBeLessThanOrEqual(128);
    expect(engine.figures().fileSyncs).toBeGreaterThanOrEqual(280 - 128);
    await engine.checkpoint();
    await crash('a', 'b');
    const { store: second } = await open('b');
    for (let job = 0; job < 140; job++) await expectRows(second, `job-${job}`, 0, 3);
  });

  it('lets the log go though a job cannot be written, and refuses when no run can be written either', async () => {
    const { store, engine } = await open('a');
    await writeFile(at('a', 'logs', 'job'), 'no folder');
    let written = 0;
    const fill = async (bytes: number) => {
      for (const from = engine.figures().logBytes; engine.figures().logBytes - from < bytes; written += 60)
        await store.writeLogs(batch('job', written, 60));
    };
    for (let round = 0; round < 40; round++) {
      await store.writeLogs(batch('job', written, 60));
      written += 60;
    }
    expect(typesOf()).toContain('job-parked');
    expect(engine.figures().logBytes).toBeLessThan(10 * SMALL.segmentBytes);
    await engine.settled();
    const runs = at('a', '.joblet', 'runs');
    await rename(runs, `${runs}-away`);
    await writeFile(runs, 'no folder');
    await expect(fill(100 * SMALL.segmentBytes)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(engine.figures().logBytes).toBeLessThan(10 * SMALL.segmentBytes);
    await rm(runs);
    await rename(`${runs}-away`, runs);
    await rm(at('a', 'logs', 'job'));
    await store.writeLogs(batch('job', written, 60));
    await expectRows(store, 'job', 0, written + 60);
    await crash('a', 'b');
    await expectRows((await open('b')).store, 'job', 0, written + 60);
  });

  describe('after a sync that failed', () => {
    /** Syncs of files with such a path fail, once each. */
    /** Of files that are synced by a handle of their own. */
    async function failHandles(): Promise<void> {
      const handle = await openFile(root, 'r');
      const prototype = Object.getPrototypeOf(handle) as typeof handle;
      await handle.close();
      const { datasync } = prototype;
      jest.spyOn(prototype, 'datasync').mockImplementation(async function (this: typeof handle) {
        await failIfWanted(this.fd);
        return datasync.call(this);
      });
    }

    it.each([
      ['of both files of a job', /a\/logs\/job\/std(out|err)\.log\.gz$/, 2],
      ['of one', /a\/logs\/job\/stdout\.log\.gz$/, 1],
    ])('%s: has each row once, in order, now and after a crash', async (_, pattern, count) => {
      const { store, engine } = await open('a');
      await store.writeLogs(batch('job', 0, 30));
      await engine.sealAll();
      await engine.checkpoint();
      await store.writeLogs(batch('job', 30, 30));
      await engine.spillAll();
      await engine.sealAll();
      await store.writeLogs(batch('job', 60, 30));
      await engine.sealAll();
      failing = pattern;
      await engine.checkpoint();
      expect(failed.size).toBe(count);
      await engine.settled();
      await expectRows(store, 'job', 0, 90);
      await crash('a', 'd');
      await expectRows((await open('d')).store, 'job', 0, 90);
      await engine.sealAll();
      await expectRows(store, 'job', 0, 90);
      await crash('a', 'b');
      await expectRows((await open('b')).store, 'job', 0, 90);
      await engine.checkpoint();
      await engine.checkpoint();
      await crash('a', 'c');
      await expectRows((await open('c')).store, 'job', 0, 90);
    });

    it('of a run, or of the job index: goes on, and loses nothing', async () => {
      const { store, engine } = await open('a');
      await store.writeLogs(batch('job', 0, 10));
      failing = /1\.run\.tmp$|jobs\.tmp$/;
      await failHandles();
      await expect(engine.spillAll()).rejects.toThrow('EIO');
      await expect(engine.checkpoint()).rejects.toThrow('EIO');
      await store.writeLogs(batch('job', 10, 10));
      await engine.spillAll();
      await engine.checkpoint();
      expect(await readdir(at('a', '.joblet', 'runs'))).toEqual(['2.run']);
      await crash('a', 'b');
      await expectRows((await open('b')).store, 'job', 0, 20);
    });
  });
});
