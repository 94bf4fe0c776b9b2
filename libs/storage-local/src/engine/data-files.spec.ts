import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { inlineCalls } from '../disk/inline-calls.js';
import { DATA_FILES_OPEN_MAX } from '../limits.js';
import { tempDirectory } from '../testing/temp-store.js';
import { DataFiles } from './data-files.js';
import { newFile, NO_FACTS, type DataFile } from './job-table.js';

let root: string;
let remove: () => Promise<void>;
let files: DataFiles;
let owned: { jobId: string; path: string; file: DataFile }[];
/** Syncs that were asked for, by descriptor, and what holds those up that come now. */
let synced: number[];
let held: Promise<void> | undefined;
const failures: unknown[] = [];

beforeEach(async () => {
  ({ path: root, remove } = await tempDirectory());
  synced = [];
  held = undefined;
  const calls = inlineCalls();
  const syncData = async (fd: number): Promise<void> => {
    synced.push(fd);
    await held;
    return calls.syncData(fd);
  };
  files = new DataFiles({ ...calls, syncData }, (_, error) => failures.push(error));
  owned = Array.from({ length: DATA_FILES_OPEN_MAX + 1 }, (_, index) => {
    const jobId = `job-${index}`;
    const file = newFile({ fileName: 'stdout.log.gz', stream: 1, number: 0 }, NO_FACTS);
    return { jobId, path: join(root, jobId, file.fileName), file };
  });
});

afterEach(async () => {
  files.close();
  await remove();
  expect(failures).toEqual([]);
});

async function append(index: number, text: string): Promise<void> {
  const { file } = owned[index];
  const length = await files.append(owned[index], [Buffer.from(text)]);
  file.counted = { ...NO_FACTS, length };
}

/** Holds up the syncs that are asked for until what is returned is called. */
function hold(): () => void {
  let release = (): void => undefined;
  held = new Promise((resolve) => (release = resolve));
  return () => {
    held = undefined;
    release();
  };
}

const UNTIL_MS = 20_000;

async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`not so within ${UNTIL_MS} ms: ${isSo}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

it('a file that is written to while it is synced to be closed stays open, and is synced again', async () => {
  for (let index = 0; index < DATA_FILES_OPEN_MAX; index++) await append(index, 'one');
  const release = hold();
  const another = append(DATA_FILES_OPEN_MAX, 'one');
  await until(() => synced.length > 0);
  await append(0, 'two');
  release();
  await another;
  expect(files.size).toBeLessThan(DATA_FILES_OPEN_MAX);
  const [first] = synced;
  synced = [];
  expect(await files.syncAll()).toBe(true);
  expect(synced).toContain(first);
  for (const { file, path } of owned) {
    expect(file.synced).toBe(file.counted);
    expect((await readFile(path)).length).toBe(file.counted?.length);
  }
});

it('a file that was closed and opened anew counts as synced only as far as it was, whoever began before', async () => {
  for (let index = 0; index < DATA_FILES_OPEN_MAX; index++) await append(index, 'one');
  const release = hold();
  const all = files.syncAll();
  await until(() => synced.length > 0);
  held = undefined;
  // Makes room: closes those that are not being synced.
  await append(DATA_FILES_OPEN_MAX, 'one');
  const closed = owned.findIndex(({ file }) => file.synced?.length === 3);
  const before = owned[closed].file.synced;
  await append(closed, 'two');
  release();
  expect(await all).toBe(true);
  expect(owned[closed].file.synced).toBe(before);
  expect(owned[closed].file.counted?.length).toBe(6);
  expect(await files.syncAll()).toBe(true);
  for (const { file } of owned) expect(file.synced).toBe(file.counted);
});

it('syncs no file when there is no time, opens others all the same, and says that it is not done', async () => {
  files.hurry(() => synced.length < 2);
  for (const index of owned.keys()) await append(index, 'x');
  expect(await files.syncAll()).toBe(false);
  expect(synced).toHaveLength(2);
  files.hurry(() => true);
  expect(await files.syncAll()).toBe(true);
  expect(owned.every(({ file }) => file.synced === file.counted)).toBe(true);
});
