import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { fieldOf } from '@joblet/state-store';
import { openLocalStateStore } from './index.js';
import { indexProblems } from './testing/check-folder.js';
import { inTemporaryFolder } from './testing/temporary-folder.js';

const WRITER = fileURLToPath(new URL('./testing/crash-writer.mjs', import.meta.url));
const DIST = new URL('../dist/index.js', import.meta.url).href;
const HAS_STRACE = spawnSync('strace', ['-V']).status === 0;
const DELETED = 3;

interface Told {
  /** The last step of each job that was acknowledged. */
  readonly acknowledged: Map<string, number>;
  readonly refused: string[];
  readonly exitCode: number | null;
}

/** Runs the writer until it ends, or until it has acknowledged so many steps: then kills it. */
async function write(
  args: readonly string[],
  { killAfter = Infinity, prefix = [] as readonly string[] } = {},
): Promise<Told> {
  const [command, ...rest] = [...prefix, process.execPath, WRITER, DIST, ...args];
  const child = spawn(command, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const closed = once(child, 'close');
  const acknowledged = new Map<string, number>();
  const refused: string[] = [];
  let count = 0;
  for await (const line of createInterface(child.stdout)) {
    const [sign, uuid, step] = line.split(' ');
    if (sign === '-') refused.push(line);
    if (sign === '+') {
      acknowledged.set(uuid, Number(step));
      if (++count === killAfter) child.kill('SIGKILL');
    }
  }
  await closed;
  return { acknowledged, refused, exitCode: child.exitCode };
}

/** The step that each job has reached; those that are deleted are not there. */
async function storedSteps(directory: string): Promise<Map<string, number>> {
  const store = await openLocalStateStore({ directory });
  try {
    const { jobs } = await store.list();
    for (const { uuid, json } of jobs) expect((await store.get(uuid)).json).toBe(json);
    return new Map(jobs.map((job) => [job.uuid, Number(fieldOf(job, 'step'))]));
  } finally {
    await store.close();
  }
}

describe('a process that is killed while twenty writers change jobs', () => {
  it('leaves every acknowledged change, and no half of one, each time', async () => {
    await inTemporaryFolder(async (directory) => {
      const acknowledged = new Map<string, number>();
      for (let life = 0; life < 6; life++) {
        const told = await write([directory, String(life)], { killAfter: 40 + life * 333 });
        for (const [uuid, step] of told.acknowledged) acknowledged.set(uuid, step);
        expect(told.refused).toEqual([]);
        const stored = await storedSteps(directory);
        for (const [uuid, step] of acknowledged) {
          // The next step may have been made before it could be told.
          const found = stored.get(uuid) ?? DELETED;
          expect(`${uuid} ${found}`).toBe(`${uuid} ${found === step + 1 ? step + 1 : step}`);
          acknowledged.set(uuid, found);
        }
        expect(await indexProblems(directory)).toEqual([]);
      }
      expect(acknowledged.size).toBeGreaterThan(200);
    });
  });
});

const describeWithStrace =
  HAS_STRACE || process.env['JOBLET_REQUIRE_SERVERS'] === '1' ? describe : describe.skip;

describeWithStrace('a process whose disk fails now and then', () => {
  it.each([
    ['fdatasync', 'EIO', '3+9'],
    ['write', 'ENOSPC', '5+11'],
    ['write', 'EIO', '7..12'],
  ])(
    '(%s: %s) refuses changes with UNAVAILABLE, and goes on without losing one',
    async (call, error, when) => {
      await inTemporaryFolder(async (directory) => {
        // Only LevelDB's logs, under all names that they get: the process itself is to live.
        const logs = Array.from({ length: 300 }, (_, number) => `${String(number).padStart(6, '0')}.log`);
        const paths = logs.flatMap((name) => ['-P', join(directory, name)]);
        const inject = ['-e', `inject=${call}:error=${error}:when=${when}`];
        const prefix = ['strace', '-f', '-qq', '-o', '/dev/null', ...paths, ...inject];
        const told = await write([directory, '0', '4'], { prefix });
        expect(told.exitCode).toBe(0);
        expect(told.refused.length).toBeGreaterThan(0);
        const expected = [...told.acknowledged].filter(([, step]) => step !== DELETED);
        expect(expected).toHaveLength(40);
        expect(new Map([...(await storedSteps(directory))].sort())).toEqual(new Map(expected.sort()));
        expect(await indexProblems(directory)).toEqual([]);
      });
    },
  );
});
