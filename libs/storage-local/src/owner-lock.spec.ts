import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openLocalStore } from './index.js';
import { lockOwner } from './owner-lock.js';
import { tempDirectory } from './testing/temp-store.js';

const WRITER = fileURLToPath(new URL('./testing/crash-writer.mjs', import.meta.url));

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
    expect(await readdir(join(directory, '.joblet'))).toEqual(['intent.json']);
  });

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
    expect(await readdir(join(deep, '.joblet'))).toEqual(['intent.json']);
  });
});
