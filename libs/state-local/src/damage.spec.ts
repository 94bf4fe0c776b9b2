import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { describe, expect, it } from '@jest/globals';
import { newJob, type StateStore } from '@joblet/state-store';
import { openLocalStateStore, repairLocalStateStore } from './index.js';
import { recordKey } from './keys.js';
import { indexProblems } from './testing/check-folder.js';
import { inTemporaryFolder } from './testing/temporary-folder.js';

const README = 'see "Damaged files" in the README of @joblet/state-local';

const job = (number: number, fields: object = {}) =>
  newJob({
    uuid: `job-${number}`,
    nodeId: 'node-1',
    status: 'RUNNING',
    note: `${number} `.repeat(50),
    ...fields,
  });

async function fill(directory: string, count: number): Promise<void> {
  await using(directory, async (store) => {
    for (let number = 0; number < count; number++) await store.create(job(number));
  });
}

async function using<T>(directory: string, body: (store: StateStore) => Promise<T>): Promise<T> {
  const store = await openLocalStateStore({ directory });
  try {
    return await body(store);
  } finally {
    await store.close();
  }
}

/** Changes the bytes of the only file with this name. */
async function change(directory: string, name: RegExp, edit: (bytes: Buffer) => Buffer): Promise<void> {
  const [file, ...others] = (await readdir(directory)).filter((one) => name.test(one));
  expect([file !== undefined, others]).toEqual([true, []]);
  await writeFile(join(directory, file), edit(await readFile(join(directory, file))));
}

function zeroed(bytes: Buffer, from: number, to: number): Buffer {
  return Buffer.concat([bytes.subarray(0, from), Buffer.alloc(to - from), bytes.subarray(to)]);
}

describe('a folder whose files are damaged', () => {
  it('opens without the last change when the end of the log is torn: it was not acknowledged', async () => {
    await inTemporaryFolder(async (directory) => {
      await fill(directory, 20);
      await change(directory, /\.log$/, (bytes) => bytes.subarray(0, -10));
      await using(directory, async (store) => expect((await store.list()).jobs).toHaveLength(19));
      expect(await indexProblems(directory)).toEqual([]);
    });
  });

  it('does not open when LevelDB has left out acknowledged changes in the middle of its log; a repair goes on without', async () => {
    await inTemporaryFolder(async (directory) => {
      await fill(directory, 200);
      await change(directory, /\.log$/, (bytes) => zeroed(bytes, 70_000, 70_100));
      const opened = openLocalStateStore({ directory });
      await expect(opened).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.stringMatching(
          /has lost \d+ of its batches of changes \(\d+ to \d+ of 200\) from its log; see/,
        ),
      });
      const { jobs, removed } = await repairLocalStateStore({ directory });
      expect(removed).toEqual([]);
      expect(jobs).toBeLessThan(200);
      expect(jobs).toBeGreaterThan(100);
      await using(directory, async (store) => {
        expect((await store.list()).jobs).toHaveLength(jobs);
        await store.create(job(1_000));
      });
      expect(await indexProblems(directory)).toEqual([]);
    });
  });

  it.each([
    [
      'a MANIFEST of zeros',
      (folder: string) => change(folder, /^MANIFEST/, (bytes) => Buffer.alloc(bytes.length)),
    ],
    ['a CURRENT that names nothing', (folder: string) => change(folder, /^CURRENT$/, () => Buffer.from('x'))],
    ['no CURRENT', (folder: string) => rm(join(folder, 'CURRENT'))],
  ])('does not open with %s, and says what to do; a repair brings all jobs back', async (_, damage) => {
    await inTemporaryFolder(async (directory) => {
      await fill(directory, 50);
      await damage(directory);
      await expect(openLocalStateStore({ directory })).rejects.toMatchObject({
        code: 'INTERNAL',
        message: expect.stringContaining(README),
      });
      expect(await repairLocalStateStore({ directory })).toEqual({ jobs: 50, removed: [] });
      await using(directory, async (store) => expect((await store.list()).jobs).toHaveLength(50));
      expect(await indexProblems(directory)).toEqual([]);
    });
  });

  it('tells of a record whose bytes have changed, and of no other; a repair removes it', async () => {
    await inTemporaryFolder(async (directory) => {
      await fill(directory, 3);
      const level = new ClassicLevel(directory);
      const value = await level.get(recordKey('job-1'));
      await level.put(recordKey('job-1'), value!.replace('RUNNING', 'RUNNINg'));
      await level.close();
      await using(directory, async (store) => {
        const error = {
          code: 'INTERNAL',
          message: expect.stringContaining('the record of job job-1 is damaged'),
        };
        const [found] = await Promise.all([
          store.get('job-0'),
          expect(store.get('job-1')).rejects.toMatchObject(error),
          expect(store.update(job(1))).rejects.toMatchObject(error),
          store.update(job(2, { pid: 1 })),
        ]);
        expect(found.uuid).toBe('job-0');
        await expect(store.list()).rejects.toMatchObject(error);
      });
      expect(await repairLocalStateStore({ directory })).toEqual({ jobs: 2, removed: ['job-1'] });
      await using(directory, async (store) => expect((await store.list()).jobs).toHaveLength(2));
      expect(await indexProblems(directory)).toEqual([]);
    });
  });

  it('opens after a repair that was broken off only when it is repaired again', async () => {
    await inTemporaryFolder(async (directory) => {
      await fill(directory, 3);
      const level = new ClassicLevel(directory);
      await level.del('format');
      await level.close();
      await expect(openLocalStateStore({ directory })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await repairLocalStateStore({ directory })).toEqual({ jobs: 3, removed: [] });
      await using(directory, async (store) => expect((await store.list()).jobs).toHaveLength(3));
    });
  });

  it('that has the data of another program is left as it is', async () => {
    await inTemporaryFolder(async (directory) => {
      const level = new ClassicLevel(directory);
      await level.put('key', 'value');
      await level.close();
      await expect(openLocalStateStore({ directory })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(repairLocalStateStore({ directory })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(await level.open().then(() => level.get('key'))).toBe('value');
      await level.close();
    });
  });

  it('is not repaired while a store has it open', async () => {
    await inTemporaryFolder((directory) =>
      using(directory, async (store) => {
        await expect(repairLocalStateStore({ directory })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
        await store.create(job(1));
      }),
    );
  });
});
