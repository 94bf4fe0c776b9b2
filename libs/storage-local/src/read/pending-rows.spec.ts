import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { renameSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { MetricBatch, StorageError, type NewLogRow } from '@joblet/storage';
import type { BlockIndex } from '../block-index/block-index.js';
import { FILES_HELD_MAX, PENDING_BYTES_HELD_MAX } from '../limits.js';
import { collect, tempDirectory } from '../testing/temp-store.js';
import { ViewedJob, type Piece } from '../testing/viewed-job.js';
import type { PendingRows, StoreView } from './area-view.js';
import type { BlockIndexes } from './block-plan.js';
import { Reader } from './reader.js';

const JOB = 'job';

describe('a view of files and rows that are in no file yet', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let made = 0;
  const next = () => join(directory, String(made++));

  beforeAll(async () => ({ path: directory, remove } = await tempDirectory()));
  afterAll(() => remove());

  it('of more pending rows than are held is read member by member, and each of them once', async () => {
    const size = PENDING_BYTES_HELD_MAX / 4;
    const pieces = Array.from({ length: 7 }, (_, part): Piece => ({
      rows: [row(part, size), row(part, 10)],
    }));
    const job = await ViewedJob.make(next(), JOB, pieces);
    let loads = 0;
    for (const pending of job.pending as Mutable<PendingRows>[]) {
      const load = pending.load;
      pending.load = () => {
        loads++;
        return load();
      };
    }
    const { rows, gaps } = await collect(new Reader(job, never, NO_BLOCKS).readLogs({ jobId: JOB }, {}));
    expect(gaps).toEqual([]);
    expect(rows.map(({ ordinal }) => Number(ordinal))).toEqual(
      Array.from({ length: 14 }, (_, index) => index),
    );
    expect(rows.every(({ content }, index) => content.length === (index % 2 === 0 ? size : 10))).toBe(true);
    expect(loads).toBeGreaterThan(6);
    expect(job.released).toBe(1);
  });

  it('of metrics is read as if they were in the file', async () => {
    const samples = Array.from({ length: 5 }, (_, index) => ({
      jobId: JOB,
      timestamp: BigInt(index),
      data: { cpuUsage: index, memoryUsage: 0n, gpuUsage: 0 },
    }));
    const batch = MetricBatch.from(samples).numbered(0n);
    const pending: PendingRows = {
      firstOrdinal: 0n,
      lastOrdinal: 4n,
      timeMin: 0n,
      timeMax: 4n,
      rows: 5,
      load: () => Promise.resolve(batch),
    };
    const view: StoreView = {
      view: () => ({ logs: undefined, metrics: { files: [], pending: [pending], release: () => undefined } }),
    };
    const { rows } = await collect(new Reader(view, never).readMetrics({ jobId: JOB, tail: 2 }, {}));
    expect(rows.map(({ data }) => data?.cpuUsage)).toEqual([3, 4]);
    expect(await collect(new Reader(view, never).readLogs({ jobId: JOB }, {}))).toEqual({
      rows: [],
      gaps: [],
    });
  });

  it('is let go of once, also when a file of it cannot be opened, and refused for an unknown job', async () => {
    const job = await ViewedJob.make(next(), JOB, [{ rows: [row(1, 3)], file: 0 }]);
    const notADirectory = join(next());
    await writeFile(notADirectory, '');
    job.files.push({ path: join(notADirectory, 'x'), stream: 2, length: undefined });
    const reading = collect(new Reader(job, never).readLogs({ jobId: JOB }, {}));
    await expect(reading).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(job.released).toBe(1);
    await expect(collect(new Reader(job, never).readLogs({ jobId: 'other' }, {}))).rejects.toMatchObject({
      code: 'JOB_NOT_FOUND',
    });
  });

  it('with more files than are held open refuses one that became another', async () => {
    const pieces = Array.from({ length: FILES_HELD_MAX + 2 }, (_, file): Piece => ({
      rows: [row(file, 3)],
      file,
    }));
    const job = await ViewedJob.make(next(), JOB, pieces);
    const reader = new Reader(job, never);
    expect((await collect(reader.readLogs({ jobId: JOB }, {}))).rows).toHaveLength(FILES_HELD_MAX + 2);
    const [oldest, newest] = [job.files[0].path, job.files[FILES_HELD_MAX].path];
    // In the turn behind the one in which the view was taken.
    const reading = collect(reader.readLogs({ jobId: JOB }, {}));
    expect(job.views).toBe(1);
    await nextTurn();
    expect(job.views).toBe(2);
    renameSync(newest, oldest);
    await expect(reading).rejects.toThrow(StorageError);
  });

  it('is surveyed without its pending rows', async () => {
    const pieces = [{ rows: [row(1, 3), { ...row(2, 4), stream: 2 }], file: 0 }, { rows: [row(3, 5)] }];
    const job = await ViewedJob.make(next(), JOB, pieces);
    const { nextOrdinal, totals, gaps } = await new Reader(job, never).survey(job, 'logs', JOB);
    expect({ nextOrdinal, gaps }).toEqual({ nextOrdinal: 2n, gaps: 0 });
    expect(totals.get(1)).toEqual({ rows: 1n, contentBytes: 3n, timeMin: 1n, timeMax: 1n });
    expect(totals.get(2)).toEqual({ rows: 1n, contentBytes: 4n, timeMin: 2n, timeMax: 2n });
  });
});

type Mutable<Value> = { -readonly [Key in keyof Value]: Value[Key] };

function row(time: number, size: number): NewLogRow {
  return { jobId: JOB, stream: 1, timestamp: BigInt(time), content: Buffer.alloc(size, 'ab') };
}

/** Indexes without a block: everything is read member by member. */
const NO_BLOCKS: BlockIndexes = {
  open: (_, { size }) => Promise.resolve({ coveredBytes: size, length: 0 } as BlockIndex),
};

function never(): void {
  throw new Error('no row names another job');
}
