import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLocalStore } from '../index.js';
import { lockOwner } from './owner-lock.js';
import { tempDirectory } from '../testing/temp-store.js';

const WRITER = fileURLToPath(new URL('../testing/crash-writer.mjs', import.meta.url));

describe('the owner of a data directory', () => {
  let directory: string;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
  });
  afterEach(() => remove());

  it('is one: a second is refused and told who it is, also in the same process', async () => {
    const store = await openLocalStore({ baseDirectory: directory });
    await expect(openLocalStore({ baseDirectory: directory })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: `${directory} is in use by process ${process.pid}; stop it, or use another directory`,
    });
    await store.close();
    await (await openLocalStore({ baseDirectory: directory })).close();
    expect((await readdir(join(directory, '.joblet'))).filter((name) => name.startsWith('owner'))).toEqual(
      [],
    );
  });

  it('owns logs and metrics wherever they are, and by whatever path they are named', async () => {
    const first = join(directory, 'first');
    const store = await openLocalStore({ baseDirectory: first });
    await symlink(join(first, 'metrics'), join(directory, 'link'));
    for (const [name, other] of [
      ['logsDirectory', join(first, 'logs')],
      ['metricsDirectory', join(directory, 'link')],
    ]) {
      await expect(
        openLocalStore({ baseDirectory: join(directory, 'other'), [name]: other }),
      ).rejects.toMatchObject({
        code: 'UNAVAILABLE',
        message: `${other} is in use by process ${process.pid}; stop it, or use another directory`,
      });
    }
    await store.close();
  });

  it.each([
    ['.', 'metrics', 'base', 'the same as the logs'],
    ['..', 'metrics', 'base', 'below the logs'],
    ['logs', 'logs/m', 'metrics', 'below the logs'],
    ['metrics/l', 'metrics', 'logs', 'below the metrics'],
  ])(
    'refuses logs in %s with metrics in %s: one would be a job of the other',
    async (logs, metrics, inner, found) => {
      const base = join(directory, 'base');
      const options = {
        baseDirectory: base,
        logsDirectory: join(base, logs),
        metricsDirectory: join(base, metrics),
      };
      await expect(openLocalStore(options)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        message: expect.stringMatching(new RegExp(`^${inner} directory \\S+: found ${found} directory `)),
      });
      const same = {
        baseDirectory: base,
        logsDirectory: join(base, 'both'),
        metricsDirectory: join(base, 'both'),
      };
      await (await openLocalStore(same)).close();
    },
  );

  it('is free again after SIGKILL, and leaves one stale socket at the most', async () => {
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [WRITER, directory, '0', '1000000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      await once(child.stdout, 'data');
      await expect(openLocalStore({ baseDirectory: directory })).rejects.toMatchObject({
        message: `${directory} is in use by process ${child.pid}; stop it, or use another directory`,
      });
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    const sockets = (await readdir(join(directory, '.joblet'))).filter((name) => name.endsWith('.sock'));
    expect(sockets).toEqual(['owner.3.sock']);
    await (await openLocalStore({ baseDirectory: directory })).close();
  });

  it('is one of many that open at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const opened = await Promise.allSettled(
        Array.from({ length: 6 }, () => openLocalStore({ baseDirectory: directory })),
      );
      const owners = opened.filter((result) => result.status === 'fulfilled');
      expect(owners).toHaveLength(1);
      await owners[0].value.close();
    }
  });

  it('is one also while owners come and go, and dead sockets lie about', async () => {
    const own = join(directory, '.joblet');
    await mkdir(own);
    let owners = 0;
    const openAndClose = async (): Promise<void> => {
      for (let round = 0; round < 15; round++) {
        const lock = await lockOwner(directory).catch(() => undefined);
        if (!lock) continue;
        owners++;
        expect(owners).toBe(1);
        await writeFile(join(own, `owner.${1 + (round % 4)}.sock`), '', { flag: 'a' }).catch(() => undefined);
        await setImmediate();
        owners--;
        await lock.release();
      }
    };
    await Promise.all(Array.from({ length: 5 }, openAndClose));
  });

  it('refuses a second store that names the same directory for its logs', async () => {
    const logsDirectory = join(directory, 'elsewhere');
    const store = await openLocalStore({ baseDirectory: join(directory, 'a'), logsDirectory });
    await expect(
      openLocalStore({ baseDirectory: join(directory, 'b'), logsDirectory }),
    ).rejects.toMatchObject({
      message: expect.stringContaining(`${logsDirectory} is in use by process ${process.pid}`),
    });
    await store.close();
  });

  it('works where the path is too long for a socket', async () => {
    if (process.platform !== 'linux') return;
    const deep = join(directory, 'd'.repeat(100), 'e'.repeat(100));
    await mkdir(deep, { recursive: true });
    const store = await openLocalStore({ baseDirectory: deep });
    await expect(openLocalStore({ baseDirectory: deep })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await store.close();
    expect((await readdir(join(deep, '.joblet'))).filter((name) => name.startsWith('owner'))).toEqual([]);
  });
});
