import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLocalStore } from './index.js';
import { collect, tempDirectory } from './testing/temp-store.js';

const WRITER = fileURLToPath(new URL('./testing/crash-writer.mjs', import.meta.url));
const JOBS = 3;
const hasStrace = spawnSync('strace', ['-V']).status === 0;

interface WriterRun {
  acknowledged: number[];
  lines: string[];
}

/** Runs the writer until it ends, or until it has acknowledged `killAfter` batches: then SIGKILL at once. */
async function runWriter(
  directory: string,
  { first = 0, count = 1_000_000, killAfter = Infinity, prefix = [] as string[] },
): Promise<WriterRun> {
  const [command, ...args] = [...prefix, process.execPath, WRITER, directory, String(first), String(count)];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // strace counts the calls of each thread: with one, it is known which call fails.
    env: { ...process.env, NODE_OPTIONS: '', ...(prefix.length > 0 && { UV_THREADPOOL_SIZE: '1' }) },
  });
  const run: WriterRun = { acknowledged: [], lines: [] };
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      run.lines.push(line);
      if (/^\d+$/.test(line)) run.acknowledged.push(Number(line));
    }
    if (run.acknowledged.length >= killAfter) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return run;
}

/** The batch numbers that the store has, after a check that each is whole, alike in all jobs, in order and once. */
async function storedBatches(directory: string): Promise<number[]> {
  const store = await openLocalStore({ baseDirectory: directory });
  try {
    let batches: number[] | undefined;
    for (let job = 0; job < JOBS; job++) {
      const { rows, gaps } = await collect(store.readLogs({ jobId: `job-${job}` }));
      expect(gaps).toEqual([]);
      expect(rows.map(({ ordinal }) => Number(ordinal))).toEqual(rows.map((_, index) => index));
      const ofJob: number[] = [];
      rows.forEach((row, index) => {
        const batch = Number(row.sequence);
        const stream = 1 + (index % 2);
        expect(Buffer.from(row.content).toString()).toBe(
          `${batch} ${job} ${stream} ${'x'.repeat(batch % 500)}\n`,
        );
        if (stream === 1) ofJob.push(batch);
      });
      expect(rows.length).toBe(ofJob.length * 2);
      batches ??= ofJob;
      expect(ofJob).toEqual(batches);
    }
    return batches!;
  } finally {
    await store.close();
  }
}

describe('a store whose process dies or whose disk fails', () => {
  let directory: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
  });
  afterEach(() => remove());

  it('has every acknowledged batch, whole and once, after each of several SIGKILLs', async () => {
    let acknowledged = 0;
    for (let round = 0; round < 8; round++) {
      const first = acknowledged;
      const run = await runWriter(directory, { first, killAfter: 3 + round * 7 });
      const stored = await storedBatches(directory);
      expect(stored).toEqual(Array.from({ length: stored.length }, (_, index) => index));
      // One more than acknowledged may be there: durable, but killed before it was said.
      expect(stored.length - (run.acknowledged.at(-1)! + 1)).toBeGreaterThanOrEqual(0);
      expect(stored.length - (run.acknowledged.at(-1)! + 1)).toBeLessThanOrEqual(1);
      acknowledged = stored.length;
    }
  });

  // strace makes chosen system calls fail; it is a Debian package that a stranger may not have.
  const itWithStrace = hasStrace ? it : it.skip;
  itWithStrace.each([
    ['wal', 'fdatasync', 'EIO', '5+50'],
    ['wal', 'pwritev', 'ENOSPC', '3+50'],
    ['wal', 'pwritev', 'EIO', '11+50'],
    ['wal', 'fsync', 'EIO', '2+50'],
    ['wal', 'fdatasync', 'EIO', '4..12'],
    ['wal', 'pwritev', 'EIO', '5..11'],
    ['files', 'fdatasync', 'EIO', '1+3'],
    ['files', 'fdatasync', 'EIO', '2..6'],
    ['files', 'pwrite64,pwritev', 'ENOSPC', '2+4'],
    ['files', 'pwrite64,pwritev', 'EIO', '3..9'],
    ['files', 'fsync', 'EIO', '1+3'],
    ['files', 'openat', 'EMFILE', '3+5'],
    ['files', 'mkdir', 'ENOSPC', '1..2'],
    ['own', 'fdatasync', 'EIO', '1+2'],
    ['own', 'rename', 'EIO', '1+2'],
    ['own', 'fsync', 'EIO', '3+3'],
  ] as const)(
    'with a failing disk under the %s (%s: %s at %s), nothing that was acknowledged is lost or there twice',
    async (where, call, error, when) => {
      // Only calls on files of the store: the process itself is to live.
      const paths = PATHS[where](directory).flatMap((path) => ['-P', path]);
      const inject = `inject=${call}:error=${error}:when=${when}`;
      const prefix = ['strace', '-f', '-qq', '-o', '/dev/null', ...paths, '-e', inject];
      const run = await runWriter(directory, { count: 150, prefix });
      expect(run.lines.filter((line) => !/^\d+$/.test(line)).length).toBeGreaterThan(0);
      expect(run.acknowledged).toEqual(Array.from({ length: 150 }, (_, index) => index));
      expect(await storedBatches(directory)).toEqual(run.acknowledged);
    },
  );
});

const PATHS = {
  wal: (directory: string) => {
    const wal = join(directory, '.joblet/wal');
    return [wal, join(wal, '0000000000000000.wal')];
  },
  own: (directory: string) =>
    ['.joblet', '.joblet/jobs', '.joblet/jobs.tmp', '.joblet/runs'].map((name) => join(directory, name)),
  files: (directory: string) => {
    const paths: string[] = [];
    for (let job = 0; job < JOBS; job++) {
      const jobDirectory = join(directory, `logs/job-${job}`);
      paths.push(jobDirectory, join(jobDirectory, 'stdout.log.gz'), join(jobDirectory, 'stderr.log.gz'));
    }
    return paths;
  },
};
