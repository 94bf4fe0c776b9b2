import { fork } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from '@jest/globals';
import { limits as contract, newJob } from '@joblet/state-store';
import { limits, openLocalStateStore } from './index.js';
import { batches, tombstones } from './keys.js';
import { scan } from './scan.js';
import { indexProblems } from './testing/check-folder.js';
import { inTemporaryFolder } from './testing/temporary-folder.js';

const WRITER = fileURLToPath(new URL('./testing/crash-writer.mjs', import.meta.url));
const DIST = new URL('../dist/index.js', import.meta.url).href;

const job = (uuid: string, fields: object = {}) =>
  newJob({ uuid, status: 'RUNNING', nodeId: 'node-1', ...fields });

describe('a folder', () => {
  it('is made for its owner only', async () => {
    await inTemporaryFolder(async (folder) => {
      const directory = join(folder, 'a/b');
      await (await openLocalStateStore({ directory })).close();
      expect((await stat(directory)).mode & 0o777).toBe(0o700);
    });
  });

  it('has one store: a second one is refused until the first is closed', async () => {
    await inTemporaryFolder(async (directory) => {
      const first = await openLocalStateStore({ directory });
      await expect(openLocalStateStore({ directory })).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `LevelDB in ${directory} cannot be opened: another process, or another store of this one, has it open`,
      });
      await first.create(job('a'));
      await first.close();
      await (await openLocalStateStore({ directory })).close();
    });
  });

  it('has one process, which a kill ends', async () => {
    await inTemporaryFolder(async (directory) => {
      const child = fork(WRITER, [DIST, directory, '0'], {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
        execArgv: [],
      });
      await once(child.stdout!, 'data');
      await expect(openLocalStateStore({ directory })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      child.kill('SIGKILL');
      await once(child, 'exit');
      await (await openLocalStateStore({ directory })).close();
    });
  });

  it('that cannot be made is UNAVAILABLE, with the reason', async () => {
    await expect(openLocalStateStore({ directory: '/dev/null/state' })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ENOTDIR'),
    });
  });
});

describe('changes that are asked for at the same time', () => {
  it('are synced together, those of one job among them', async () => {
    await inTemporaryFolder(async (directory) => {
      const store = await openLocalStateStore({ directory });
      const changes = Array.from({ length: 300 }, async (_, index) => {
        await store.create(job(`job-${index}`));
        await Promise.all([1, 2].map(() => store.update(job(`job-${index}`, { pid: index }))));
      });
      await Promise.all(changes);
      expect((await store.list()).jobs.map(({ version }) => version)).toEqual(Array(300).fill(3));
      await store.close();
      const level = new ClassicLevel(directory);
      // The creates, the updates.
      expect(await scan(level, batches)).toHaveLength(2);
      await level.close();
      expect(await indexProblems(directory)).toEqual([]);
    });
  });

  it('are refused beyond the limit, and those before it are made', async () => {
    await inTemporaryFolder(async (directory) => {
      const store = await openLocalStateStore({ directory });
      const results = await Promise.allSettled(
        Array.from({ length: limits.CALLS_MAX + 1 }, (_, index) => store.delete(`job-${index}`)),
      );
      const codes = results.map((result) =>
        result.status === 'rejected' ? (result.reason as { code: string }).code : '',
      );
      expect(codes).toEqual([...Array<string>(limits.CALLS_MAX).fill('JOB_NOT_FOUND'), 'UNAVAILABLE']);
      await store.close();
    });
  });
});

describe('tombstones', () => {
  it('are removed some time after they have expired, also after reopening', async () => {
    await inTemporaryFolder(async (directory) => {
      let now = Date.now();
      const open = () => openLocalStateStore({ directory, now: () => now });
      let store = await open();
      await store.create(job('a'));
      await store.create(job('b'));
      await store.delete('a');
      await store.close();
      store = await open();
      now += 30_000;
      await store.delete('b');
      now += contract.TOMBSTONE_MS - 29_000;
      await store.create(job('c'));
      await store.close();
      const level = new ClassicLevel(directory);
      const left = await scan(level, tombstones);
      expect(left.map(([key]) => key.slice(-1))).toEqual(['b']);
      await level.close();
      expect(await indexProblems(directory)).toEqual([]);
    });
  });
});

describe('health', () => {
  it('is good when the disk takes a write, and the store is open', async () => {
    await inTemporaryFolder(async (directory) => {
      const store = await openLocalStateStore({ directory });
      expect(await store.healthCheck()).toEqual({ ok: true, details: [] });
      await store.close();
      expect(await store.healthCheck()).toEqual({ ok: false, details: ['the store is closed'] });
    });
  });
});

describe('lists', () => {
  it('find jobs by a prefix that few and that many have', async () => {
    await inTemporaryFolder(async (directory) => {
      const store = await openLocalStateStore({ directory });
      await store.sync(
        Array.from({ length: 1_500 }, (_, index) => job(`many-${index}`, { nodeId: `node-${index % 2}` })),
        { nodeId: 'node-1', owner: '' },
      );
      await store.create(job('few-1'));
      await store.create(job('few-2', { status: 'FAILED' }));
      await store.delete('few-1');
      const uuids = async (filter: object) => (await store.list(filter)).jobs.map(({ uuid }) => uuid);
      expect(await uuids({ prefix: 'few' })).toEqual(['few-2']);
      expect(await uuids({ prefix: 'few', status: 'RUNNING' })).toEqual([]);
      expect(await uuids({ prefix: 'many' })).toHaveLength(1_500);
      expect(await uuids({ prefix: 'many', nodeId: 'node-1', limit: 2 })).toEqual(['many-1', 'many-1001']);
      await store.close();
    });
  });
});
