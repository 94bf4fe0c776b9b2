import { closeSync, fstatSync } from 'node:fs';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { errorCode } from '../errors.js';
import { DISK_CALLS_AT_ONCE } from '../limits.js';
import { tempDirectory } from '../testing/temp-store.js';
import { DiskThread } from './disk-thread.js';
import { FileChangedError, type FileCalls } from './file-calls.js';
import { inlineCalls } from './inline-calls.js';

const DISK_WORKER = new URL('../../dist/disk/disk-worker.js', import.meta.url);

const ways: readonly [string, () => FileCalls][] = [
  ['the calling thread', inlineCalls],
  ['a thread of their own', () => new DiskThread(new Worker(DISK_WORKER, { trackUnmanagedFds: false }))],
];

describe.each(ways)('calls on files, on %s', (_, open) => {
  let directory: string;
  let remove: () => Promise<void>;
  let calls: FileCalls;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
    calls = open();
  });
  afterEach(async () => {
    await calls.close();
    await remove();
  });

  const at = (...names: string[]) => join(directory, ...names);
  const append = (path: string, length: number, texts: readonly string[], fd?: number, hasLines = false) =>
    calls.append({ path, length, fd, parts: texts.map((text) => Buffer.from(text)), hasLines });

  it('append behind what counts, in the order of the calls, to many files at once', async () => {
    const names = Array.from({ length: 3 * DISK_CALLS_AT_ONCE }, (_, index) => `job-${index}`);
    const opened = await Promise.all(names.map((name) => append(at(name, 'file'), 0, [name, '', ':'])));
    const again = await Promise.all(
      names.flatMap((name, index) => {
        const { fd, length } = opened[index];
        return [append(at(name, 'file'), length, ['one'], fd), append(at(name, 'file'), length, ['two'], fd)];
      }),
    );
    for (const [index, name] of names.entries()) {
      expect(await readFile(at(name, 'file'), 'utf8')).toBe(`${name}:two`);
      expect(again[2 * index]).toEqual({ fd: opened[index].fd, length: name.length + 4 });
    }
    for (const { fd } of opened) closeSync(fd);
  });

  it('cut off what does not count, and put lines behind a line', async () => {
    const path = at('file');
    await writeFile(path, 'a line\nno newline');
    const { fd, length } = await append(path, 6, ['next\n'], undefined, true);
    expect(await readFile(path, 'utf8')).toBe('a line\nnext\n');
    expect(await append(path, length, ['last\n'], fd, true)).toEqual({ fd, length: length + 5 });
    expect(await readFile(path, 'utf8')).toBe('a line\nnext\nlast\n');
    await calls.syncData(fd);
    await calls.syncFolder(directory);
    closeSync(fd);
  });

  it('write files in turn, from a place on or anew', async () => {
    const write = (...writes: [string, number, string][]) =>
      calls.write(
        writes.map(([name, offset, text]) => ({ path: at(name), offset, bytes: Buffer.from(text) })),
      );
    await write(['one', 0, 'first'], ['two', 0, 'second']);
    await write(['one', 2, 'NAL'], ['two', 0, '2nd']);
    expect(await readFile(at('one'), 'utf8')).toBe('fiNAL');
    expect(await readFile(at('two'), 'utf8')).toBe('2nd');
    const missing = write(['none', 4, 'x'], ['one', 0, 'not reached']);
    await expect(missing).rejects.toMatchObject({ code: 'ENOENT', path: at('none') });
    expect(await readFile(at('one'), 'utf8')).toBe('fiNAL');
  });

  it('say what is wrong with one, and make the others', async () => {
    await mkdir(at('folder'));
    await writeFile(at('short'), '12345');
    const [folder, short, none, good] = await Promise.allSettled([
      append(at('folder'), 0, ['x']),
      append(at('short'), 6, ['x']),
      append(at('no', 'folder', 'file'), 0, ['x']),
      append(at('good'), 0, ['x']),
    ]);
    expect(folder).toMatchObject({ status: 'rejected', reason: { code: 'EISDIR' } });
    expect(short.status === 'rejected' && short.reason).toBeInstanceOf(FileChangedError);
    expect(none.status === 'rejected' && errorCode(none.reason)).toBe('ENOENT');
    expect(good).toMatchObject({ status: 'fulfilled', value: { length: 1 } });
    expect(await readFile(at('short'), 'utf8')).toBe('12345');
    if (good.status !== 'fulfilled') return;
    const { fd } = good.value;
    await truncate(at('good'), 0);
    // What was open stays the caller's.
    await expect(append(at('good'), 1, ['y'], fd)).rejects.toBeInstanceOf(FileChangedError);
    closeSync(fd);
  });
});

it('a disk thread that dies refuses what it had; the calling thread goes on, with the files that are open', async () => {
  const { path, remove } = await tempDirectory();
  const worker = new Worker(DISK_WORKER, { trackUnmanagedFds: false });
  const calls = new DiskThread(worker);
  const file = join(path, 'file');
  const one = { path: file, length: 0, parts: [Buffer.from('one')], hasLines: false };
  const { fd, length } = await calls.append(one);
  worker.postMessage('no calls');
  await expect(calls.append({ ...one, fd, length })).rejects.toThrow('the thread that writes files failed');
  expect(fstatSync(fd).isFile()).toBe(true);
  expect(await calls.append({ ...one, fd, length })).toEqual({ fd, length: 6 });
  expect(await readFile(file, 'utf8')).toBe('oneone');
  closeSync(fd);
  await calls.close();
  await remove();
});
