import { mkdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch, type JobInfo } from '@joblet/storage';
import { EngineStores, type OpenedStore } from '../testing/engine-stores.js';
import { collect } from '../testing/temp-store.js';

let stores: EngineStores;

beforeEach(async () => {
  stores = await EngineStores.create({
    blockBytes: 4_000,
    segmentBytes: 64 * 1024,
    memoryBytes: 256 * 1024,
  });
});
afterEach(() => stores[Symbol.asyncDispose]());

/** The next rows of each of the jobs, in one batch. */
function batch(jobIds: readonly string[], first: number, count: number): LogBatch {
  const rows = jobIds.flatMap((jobId) =>
    Array.from({ length: count }, (_, index) => ({
      jobId,
      stream: 1 as const,
      timestamp: BigInt(first + index),
      sequence: BigInt(first + index),
      content: Buffer.from(`${jobId} ${first + index} ${'x'.repeat(40)}`),
    })),
  );
  return LogBatch.from(rows);
}

async function read({ store }: OpenedStore, jobId: string) {
  const { rows, gaps } = await collect(store.readLogs({ jobId }));
  return { sequences: rows.map(({ sequence }) => Number(sequence)), gaps };
}

const upTo = (end: number, first = 0) => Array.from({ length: end - first }, (_, index) => first + index);

/** A store as a crash has left it: jobs `bad` and `good` with 100 rows in files and in the log, and 10 in the log alone. */
async function crashed(): Promise<string> {
  const { store, engine } = await stores.open('a');
  await store.writeLogs(batch(['bad', 'good'], 0, 100));
  await engine.sealAll();
  await store.writeLogs(batch(['bad', 'good'], 100, 10));
  await stores.crash('a', 'b');
  return stores.at('b', 'logs', 'bad');
}

it('a job whose files cannot be looked at holds nobody back, takes rows, and is whole once they can be', async () => {
  const folder = await crashed();
  const obstacle = join(folder, '.stdout.log.gz.new');
  await mkdir(join(obstacle, 'something'), { recursive: true });

  const opened = await stores.open('b');
  const { store, engine } = opened;
  expect(stores.events).toContainEqual(
    expect.objectContaining({ type: 'job-unread', jobId: 'bad', area: 'logs' }),
  );
  await store.writeLogs(batch(['good', 'bad'], 110, 5));
  await engine.sealAll();
  await engine.spillAll();
  await engine.checkpoint();
  expect(await read(opened, 'good')).toEqual({ sequences: upTo(115), gaps: [] });
  const bad = await read(opened, 'bad');
  expect(bad.sequences).toEqual(upTo(115));
  expect(bad.gaps[0].reason).toMatch(/^the files could not be looked at when the store was opened: .*stdout/);
  await expect(store.getJobInfo('bad')).rejects.toThrow(/^looking at the logs of job bad: /);
  const listed: JobInfo[] = [];
  for await (const job of store.listJobs()) listed.push(job);
  expect(listed).toMatchObject([
    { jobId: 'bad', gaps: 1 },
    { jobId: 'good', gaps: 0, stdout: { rows: 115n } },
  ]);
  expect(await store.stats()).toMatchObject({ jobs: 2n, logRows: 115n });
  const logsBefore = BigInt(Date.now() + 60_000) * 1_000_000n;
  expect(await store.cleanup({ logsBefore, dryRun: true })).toMatchObject({ jobs: ['good'] });
  await store.close();

  await rm(obstacle, { recursive: true });
  const again = await stores.open('b');
  expect(await read(again, 'bad')).toEqual({ sequences: upTo(115), gaps: [] });
  await again.engine.sealAll();
  expect(await read(again, 'bad')).toEqual({ sequences: upTo(115), gaps: [] });
});

it('a link to itself in place of a file is no reason not to start', async () => {
  const file = join(await crashed(), 'stdout.log.gz');
  await rm(file);
  await symlink('stdout.log.gz', file);

  const opened = await stores.open('b');
  expect(await read(opened, 'good')).toEqual({ sequences: upTo(110), gaps: [] });
  const bad = await read(opened, 'bad');
  expect(bad.sequences.slice(-10)).toEqual(upTo(110, 100));
  expect(bad.gaps.map(({ reason }) => reason)).toContainEqual(
    expect.stringContaining('a symbolic link to itself'),
  );
});
