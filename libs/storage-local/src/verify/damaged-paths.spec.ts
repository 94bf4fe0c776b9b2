import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch } from '@joblet/storage';
import { openEngineStore } from '../local-store.js';
import { tempDirectory } from '../testing/temp-store.js';
import { verifyAll } from '../testing/verify-all.js';

const JOBS = ['a', 'b', 'c'];
const ROWS = 24;

let whole: Awaited<ReturnType<typeof tempDirectory>>;
let directory: Awaited<ReturnType<typeof tempDirectory>>;
let base: string;

/** As a crash leaves it: jobs with a file of each kind and their indexes, a run, and rows that only the log has. */
beforeAll(async () => {
  const { store, engine } = await openEngineStore({
    baseDirectory: (directory = await tempDirectory()).path,
    reserveBytes: 0,
  });
  const write = async (jobId: string, stream: number) => {
    const row = { jobId, stream, timestamp: 1n, content: Buffer.from(`a line of ${jobId}`) };
    await store.writeLogs(LogBatch.from(Array.from({ length: ROWS / 2 }, () => row)));
  };
  for (const jobId of JOBS) {
    for (const stream of [1, 2]) await write(jobId, stream);
    await store.writeMetrics(MetricBatch.from([{ jobId, timestamp: 1n }]));
  }
  await engine.sealAll();
  for (const jobId of JOBS) await write(`${jobId}-run`, 1);
  await engine.spillAll();
  await engine.checkpoint();
  await write('logged', 1);
  await copy(directory.path, (whole = await tempDirectory()).path);
  await store.close();
  await directory.remove();
});

afterAll(() => whole.remove());

beforeEach(async () => {
  directory = await tempDirectory();
  base = directory.path;
  await copy(whole.path, base);
});

afterEach(() => directory.remove());

async function copy(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('.sock') });
}

const at = (...path: string[]) => join(base, ...path);
const verify = (repair = false) => verifyAll({ baseDirectory: base, repair });

async function runPath(): Promise<string> {
  const [name] = await readdir(at('.joblet/runs'));
  return at('.joblet/runs', name);
}

async function segmentPath(): Promise<string> {
  const names = await readdir(at('.joblet/wal'));
  return at('.joblet/wal', names.find((name) => name.endsWith('.wal')) ?? 'none');
}

/** Opens, has a size, and fails when it is read, as a file on a failing disk; not on every machine. */
const FAILING = '/sys/class/net/lo/speed';

type Damage = readonly [what: string, make: (path: string) => Promise<unknown>, found: RegExp];

const damages: readonly Damage[] = [
  ...(existsSync(FAILING)
    ? [
        [
          'a file that cannot be read',
          (path) => symlink(FAILING, path),
          /it cannot be read: EINVAL/,
        ] satisfies Damage,
      ]
    : []),
  ['a folder', (path) => mkdir(path), /found a directory, expected a file/],
  [
    'a folder with something in it',
    async (path) => {
      await mkdir(path);
      await writeFile(join(path, 'mine'), '');
    },
    /found a directory, expected a file/,
  ],
  ['a FIFO', async (path) => execFileSync('mkfifo', [path]), /found a FIFO, expected a file/],
  [
    'a link to itself',
    (path) => symlink(basename(path), path),
    /found a symbolic link to itself, expected a file/,
  ],
  [
    'a link to nothing',
    (path) => symlink('nothing', path),
    /found a symbolic link to nothing, expected a file/,
  ],
];

/** Puts something else where a file is. */
async function replace(path: string, make: (path: string) => Promise<unknown>): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await make(path);
}

it('finds nothing wrong with what the damage below is done to', async () => {
  const { total, shared } = await verify();
  expect(shared).toEqual([]);
  expect(total).toMatchObject({ jobs: 7, problems: 0, missingRows: 0n, rows: 3 * (ROWS + 1) });
});

describe.each(damages)('%s', (what, make, found) => {
  it.each([
    ['a data file', 'logs/b/stdout.log.gz', false],
    ['an index', 'logs/b/stdout.log.gz.idx', true],
    ['filters', 'logs/b/stdout.log.gz.flt', true],
    ['what is known of removed rows', 'logs/b/stdout.log.0.gz', false],
    ['a data file of metrics', 'metrics/b/metrics.jsonl.gz', false],
  ])('in the place of %s is found, and all others are looked at', async (_, name, ofIndex) => {
    await replace(at(name), make);
    const { jobs, total, shared } = await verify();
    expect(shared).toEqual([]);
    const problem = jobs.get('b')?.problems.find(({ path }) => path === at(name));
    expect(problem?.problem).toMatch(found);
    expect(problem?.ofIndex ?? false).toBe(ofIndex);
    expect([...jobs.keys()]).toHaveLength(7);
    expect(total.damagedJobs).toBe(1);
    expect(jobs.get('c')).toMatchObject({ rows: ROWS + 1, problems: [] });
  });

  it('in the place of an index or filters is repaired, unless somebody has put something there', async () => {
    const names = ['logs/b/stdout.log.gz.idx', 'logs/c/stdout.log.gz.flt'];
    for (const name of names) await replace(at(name), make);
    const { jobs, total } = await verify(true);
    const hasMore = what.includes('something');
    expect(total).toMatchObject(hasMore ? { problems: 2, repaired: 0 } : { problems: 0, repaired: 2 });
    for (const [index, jobId] of ['b', 'c'].entries()) {
      const { problems = [], files = [] } = jobs.get(jobId) ?? {};
      expect(problems).toMatchObject([{ path: at(names[index]), ...(!hasMore && { repaired: true }) }]);
      if (hasMore) expect(problems[0].problem).toContain('the folder is not empty: move it away');
      expect(files[0].index).toBe(hasMore ? 'wrong' : 'whole');
    }
    expect((await verify()).total.problems).toBe(hasMore ? 2 : 0);
  });

  it('in the place of a run is found, and its rows are taken from the log', async () => {
    const path = await runPath();
    await replace(path, make);
    const { shared, total } = await verify();
    expect(shared).toEqual([{ path, problem: expect.stringMatching(found) }]);
    expect(total).toMatchObject({ jobs: 7, problems: 1, missingRows: 0n });
  });

  it('in the place of a segment, of the id of the log, or of the job index is found', async () => {
    const paths = [await segmentPath(), at('.joblet/wal/id'), at('.joblet/jobs')];
    for (const path of paths) await replace(path, make);
    const { shared, jobs, total } = await verify();
    const isNothing = what === 'a link to nothing';
    for (const path of paths.slice(isNothing ? 2 : 0)) expect(shared.map((one) => one.path)).toContain(path);
    for (const jobId of JOBS) expect(jobs.get(jobId)?.problems).toEqual([]);
    expect(total.rows).toBe(3 * (ROWS + 1));
  });
});

describe.each<Damage>([
  ['a file', (path) => writeFile(path, 'a file'), /found a file, expected a folder/],
  ['a FIFO', async (path) => execFileSync('mkfifo', [path]), /found a FIFO, expected a folder/],
  [
    'a link to itself',
    (path) => symlink(basename(path), path),
    /found symbolic links in a circle, expected a folder/,
  ],
  [
    'a link to nothing',
    (path) => symlink('nothing', path),
    /found a symbolic link to no folder, expected a folder/,
  ],
])('%s', (_what, make, found) => {
  it("in the place of a job's folder is found, and all others are looked at", async () => {
    await replace(at('logs/b'), make);
    const { jobs, total } = await verify();
    expect(jobs.get('b')?.problems).toMatchObject([
      { path: at('logs/b'), problem: expect.stringMatching(found) },
    ]);
    expect(jobs.get('b')?.rows).toBe(1);
    expect(total).toMatchObject({ jobs: 7, damagedJobs: 1, rows: 2 * ROWS + 3 });
    expect((await verify(true)).total).toMatchObject({ damagedJobs: 1, repaired: 0 });
  });

  it.each(['logs', 'metrics', '.joblet/runs', '.joblet/wal', '.joblet', 'logs/.joblet'])(
    'in the place of the folder %s is found, and what is elsewhere is looked at',
    async (name) => {
      await replace(at(name), make);
      const { shared, total, jobs } = await verify();
      expect(shared).toContainEqual({ path: at(name), problem: expect.stringMatching(found) });
      expect(total.problems).toBeGreaterThan(0);
      if (name !== 'logs') expect(jobs.get('a')?.files.filter(({ stream }) => stream > 0)).toHaveLength(2);
      if (name !== 'metrics')
        expect(jobs.get('a')?.files.filter(({ stream }) => stream === 0)).toHaveLength(1);
    },
  );
});

it('names a file among the folders of jobs, which no job is known by, without calling it damaged', async () => {
  await writeFile(at('logs/notes.txt'), 'mine');
  const { orphans, total } = await verify();
  expect(orphans).toMatchObject([{ path: at('logs/notes.txt'), what: 'it is no folder of a job' }]);
  expect(total).toMatchObject({ problems: 0, orphans: 1, jobs: 7 });
});

it('removes with repair no folder that has something in it, whatever it is called', async () => {
  const names = ['logs/b/.mine', 'logs/b/stdout.log.7.gz.idx', '.joblet/mine.tmp'];
  for (const name of names) {
    await mkdir(at(name));
    await writeFile(at(name, 'file'), '');
  }
  await mkdir(at('logs/b/.empty'));
  const { orphans } = await verify(true);
  const kept = orphans.filter(({ removed }) => !removed).map(({ path }) => path);
  expect(kept.sort()).toEqual(names.map((name) => at(name)).sort());
  for (const name of names) expect((await stat(at(name, 'file'))).isFile()).toBe(true);
  await expect(stat(at('logs/b/.empty'))).rejects.toMatchObject({ code: 'ENOENT' });
});

it('only gives up when there is no base directory to look at', async () => {
  await rm(base, { recursive: true });
  await expect(verify()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await writeFile(base, '');
  await expect(verify()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
