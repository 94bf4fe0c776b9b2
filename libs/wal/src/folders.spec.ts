import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { openWal, type WalEvent } from './index.js';
import { collect } from './testing/collect.js';

it('leaves folders alone that have the names of its files', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wal-'));
  const events: WalEvent[] = [];
  const onEvent = (event: WalEvent): void => void events.push(event);
  await (await openWal({ directory })).append(Buffer.from('x'));
  const folders = ['00000000000000f8.spare', '00000000000000f0.wal', '000000000000ffe8.wal'];
  for (const name of folders) await mkdir(join(directory, name));
  const log = await openWal({ directory, onEvent });
  await log.append(Buffer.from('y'));
  const { records, holes } = await collect(log.read());
  expect(records.map(({ payload }) => payload.toString())).toEqual(['x', 'y']);
  expect(holes).toEqual([]);
  expect(events).toEqual(
    folders.slice(1).map((name) => ({
      type: 'foreign-segment',
      path: join(directory, name),
      reason: 'not of this log',
    })),
  );
  await log.close();
  expect(await readdir(directory)).toEqual(expect.arrayContaining(folders));
  await rm(directory, { recursive: true });
});
