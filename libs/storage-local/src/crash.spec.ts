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
    env: { ...process.env, NODE_OPTIONS: '' },
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
    ['fdatasync', 'EIO', '5+150'],
    ['fdatasync', 'EIO', '17+150'],
    ['write', 'ENOSPC', '3+150'],
    ['write', 'EIO', '11+150'],
    ['pwrite64', 'ENOSPC', '9+150'],
    ['fsync', 'EIO', '2+150'],
    ['openat', 'EMFILE', '30+150'],
    // Several in a row: undoing what failed fails too.
    ['fdatasync', 'EIO', '4..12'],
    ['write,pwrite64', 'EIO', '5..11'],
    ['write,ftruncate,truncate', 'EIO', '6..9'],
  ])(
    'a failing %s (%s): the write is rejected, leaves nothing, and succeeds when tried again',
    async (call, error, when) => {
      // Only calls on files of the store: the process itself is to live.
      const paths = [...fileNames(directory)].flatMap((path) => ['-P', path]);
      const inject = `inject=${call}:error=${error}:when=${when}`;
      const prefix = ['strace', '-f', '-qq', '-o', '/dev/null', ...paths, '-e', inject];
      const run = await runWriter(directory, { count: 40, prefix });
      expect(run.lines.filter((line) => line.startsWith('failed')).length).toBeGreaterThan(0);
      expect(run.acknowledged).toEqual(Array.from({ length: 40 }, (_, index) => index));
      expect(await storedBatches(directory)).toEqual(run.acknowledged);
    },
  );
});

function* fileNames(directory: string): Generator<string> {
  yield join(directory, '.joblet/intent.json');
  yield join(directory, 'logs');
  for (let job = 0; job < JOBS; job++) {
    const jobDirectory = join(directory, `logs/job-${job}`);
    yield* [jobDirectory, join(jobDirectory, 'stdout.log.gz'), join(jobDirectory, 'stderr.log.gz')];
  }
}
