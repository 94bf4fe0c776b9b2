import { cp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch, StorageError } from '@joblet/storage';
import fc from 'fast-check';
import { openEngineStore, type LocalStoreEvent, type LocalStoreOptions } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';
import { verifyAll } from '../testing/verify-all.js';

const SMALL = { blockBytes: 4_000, segmentBytes: 16 * 1024, memoryBytes: 256 * 1024, reserveBytes: 0 };

let root: string;
let remove: () => Promise<void>;
let events: LocalStoreEvent[];
let runs = 0;
const stores: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  ({ path: root, remove } = await tempDirectory());
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  await remove();
});

async function open(name: string, options: Pick<LocalStoreOptions, 'rotation'> = {}) {
  events = [];
  const opened = await openEngineStore({
    baseDirectory: join(root, name),
    ...SMALL,
    ...options,
    onEvent: (event: LocalStoreEvent) => events.push(event),
  });
  stores.push(opened.store);
  return opened;
}

type Opened = Awaited<ReturnType<typeof open>>;

async function close({ store }: Opened): Promise<void> {
  stores.splice(stores.indexOf(store), 1);
  await store.close();
}

/** As a crash at this moment leaves it; the store goes on. */
async function crash(from: string, to: string): Promise<void> {
  const filter = (path: string): boolean => !path.endsWith('.sock');
  await cp(join(root, from), join(root, to), { recursive: true, filter });
}

const verify = (name: string) => verifyAll({ baseDirectory: join(root, name) });

/** Of the runs. */
async function removeRuns(name: string): Promise<string[]> {
  const runs = join(root, name, '.joblet/runs');
  const paths = (await readdir(runs)).map((run) => join(runs, run)).sort();
  for (const path of paths) await rm(path);
  return paths;
}

async function write({ store }: Opened, jobId: string, rows: number): Promise<void> {
  const row = { jobId, stream: 1, timestamp: 1n, content: Buffer.from('x'.repeat(40)) };
  await store.writeLogs(LogBatch.from(Array.from({ length: rows }, () => row)));
}

/** Until the log has nothing of before. */
async function trim(opened: Opened): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (let batch = 0; batch < 10; batch++) await write(opened, `filler-${round}`, 60);
    await opened.engine.spillAll();
    await opened.engine.checkpoint();
  }
}

async function rowsOf({ store }: Opened, jobId: string): Promise<number> {
  try {
    return (await collect(store.readLogs({ jobId }))).rows.length;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'JOB_NOT_FOUND') return 0;
    throw error;
  }
}

const JOBS = ['in-runs', 'begun-in-a-file', 'ended-in-the-log', 'deleted-before'];

/** Of each job, ten rows are in runs that the log has no row of any more. */
async function writeJobs(opened: Opened): Promise<void> {
  await write(opened, 'begun-in-a-file', 5);
  await write(opened, 'deleted-before', 7);
  await opened.engine.sealAll();
  await opened.store.deleteJob('deleted-before');
  for (const jobId of JOBS) await write(opened, jobId, 10);
  await opened.engine.spillAll();
  await opened.engine.checkpoint();
  await trim(opened);
  await write(opened, 'ended-in-the-log', 5);
}

describe('runs that are gone', () => {
  it('are told as the next start tells them, with the rows that it will not have', async () => {
    const opened = await open('a');
    await writeJobs(opened);
    await crash('a', 'b');
    expect((await verify('b')).total).toMatchObject({ problems: 0, missingRows: 0n });
    const gone = await removeRuns('b');
    const { shared, jobs, total } = await verify('b');
    const named = shared.filter(({ problem }) => problem.startsWith('it is gone')).map(({ path }) => path);
    expect(named.sort()).toEqual(gone);
    expect(jobs.get('in-runs')?.problems).toMatchObject([{ problem: 'rows 0 to 9 are missing' }]);
    expect(jobs.get('begun-in-a-file')?.problems).toMatchObject([{ problem: 'rows 5 to 14 are missing' }]);
    expect(jobs.get('ended-in-the-log')?.problems).toMatchObject([{ problem: 'rows 0 to 9 are missing' }]);
    // What had rows before it was deleted may begin anywhere.
    expect(jobs.get('deleted-before')?.missingRows ?? 0n).toBe(0n);

    const next = await open('b');
    const told = events.flatMap((event) => (event.type === 'run-damaged' ? [event.path] : []));
    expect([...new Set(told)].sort()).toEqual(gone);
    let lost = 0;
    for (const jobId of [...JOBS.slice(0, 3), 'filler-0', 'filler-1', 'filler-2'])
      lost += (await rowsOf(opened, jobId)) - (await rowsOf(next, jobId));
    expect(lost).toBe(30);
    expect(total.missingRows).toBe(BigInt(lost));
  });

  it('cost no row that the log still has', async () => {
    const opened = await open('a');
    for (const jobId of JOBS) await write(opened, jobId, 10);
    await opened.engine.spillAll();
    await opened.engine.checkpoint();
    await crash('a', 'b');
    const [path] = await removeRuns('b');
    const { shared, total } = await verify('b');
    expect(shared).toMatchObject([{ path }]);
    expect(total).toMatchObject({ problems: 1, damagedJobs: 0, missingRows: 0n });
  });

  it('cost the rows that the log does not have when they are damaged, too', async () => {
    const opened = await open('a');
    await writeJobs(opened);
    await crash('a', 'b');
    const runs = join(root, 'b/.joblet/runs');
    const [first] = (await readdir(runs)).sort((one, other) => parseInt(one) - parseInt(other));
    await writeFile(join(runs, first), 'no run');
    const { shared, jobs } = await verify('b');
    expect(shared.map(({ path }) => path)).toContain(join(runs, first));
    expect(jobs.get('in-runs')?.missingRows).toBe(10n);
  });

  it('are not missed when the job index does not know of them, or is gone', async () => {
    const opened = await open('a');
    await writeJobs(opened);
    await crash('a', 'b');
    for (const name of ['jobs', 'jobs.old']) await rm(join(root, 'b/.joblet', name));
    expect((await verify('b')).total).toMatchObject({ problems: 0, missingRows: 0n });
  });
});

const WORKS = {
  write: (opened: Opened, jobId: string) => write(opened, jobId, 30),
  writeMetrics: ({ store }: Opened, jobId: string) =>
    store.writeMetrics(MetricBatch.from([{ jobId, timestamp: 1n }])),
  end: ({ store }: Opened, jobId: string) => store.endJob(jobId, { time: 1n }),
  delete: ({ store }: Opened, jobId: string) => store.deleteJob(jobId),
  deleteMetrics: ({ store }: Opened, jobId: string) => store.deleteMetrics(jobId),
  retainNoLogs: ({ store }: Opened) => store.cleanup({ logsBefore: FAR }),
  retainNoMetrics: ({ store }: Opened) => store.cleanup({ metricsBefore: FAR }),
  seal: ({ engine }: Opened) => engine.sealAll(),
  spill: ({ engine }: Opened) => engine.spillAll(),
  checkpoint: ({ engine }: Opened) => engine.checkpoint(),
};

/** Everything is older, in Unix nanoseconds. */
const FAR = 2n ** 62n;

type Work = keyof typeof WORKS | 'crash' | 'stop';

const often: Work[] = ['write', 'write', 'seal', 'spill', 'checkpoint'];
const work = fc.record({
  do: fc.constantFrom<Work>(
    ...often,
    ...often,
    ...Object.keys(WORKS).map((name) => name as Work),
    'crash',
    'stop',
  ),
  jobId: fc.constantFrom('a', 'b', 'c'),
});

it('whatever a store has done, nothing is wrong with it while all of its runs are there', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom({}, { logs: { maxBytes: 300, maxFiles: 2 } }),
      fc.array(work, { minLength: 5, maxLength: 25 }),
      async (rotation, works) => {
        const run = String(runs++);
        let name = `${run}.0`;
        let opened = await open(name, { rotation });
        for (const [index, { do: what, jobId }] of works.entries()) {
          if (what === 'crash' || what === 'stop') {
            const next = `${run}.${index + 1}`;
            if (what === 'stop') await close(opened);
            await crash(name, next);
            if (what === 'crash') await close(opened);
            opened = await open((name = next), { rotation });
          } else {
            await WORKS[what](opened, jobId).catch((error: unknown) => {
              if (!(error instanceof StorageError) || error.code !== 'JOB_NOT_FOUND') throw error;
            });
          }
          const { shared, jobs } = await verify(name);
          expect([...shared, ...[...jobs.values()].flatMap(({ problems }) => problems)]).toEqual([]);
        }
        await close(opened);
      },
    ),
    { numRuns: Number(process.env['JOBLET_VERIFY_RUNS'] ?? 15), seed: 5 },
  );
}, 120_000);
