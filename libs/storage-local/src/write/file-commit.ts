import { constants } from 'node:fs';
import { lstat, mkdir, open, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { eachLimited } from '../disk/each-limited.js';
import { errorCode, isMissing } from '../errors.js';
import { DIRECTORY_MODE, FILE_MODE } from '../format/file-names.js';
import { FILES_AT_ONCE } from '../limits.js';
import { makeDirectory } from '../disk/make-directory.js';
import { syncDirectory } from '../disk/sync-directory.js';

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

/** Whole members for the end of one file. */
export interface Append {
  readonly path: string;
  /** Whether the file is not there yet, or empty. */
  readonly isNew: boolean;
  readonly members: readonly Buffer[];
}

/** Appends to all files and makes them and their names durable. After a failure `undoAppends` must follow. */
export async function appendDurably(appends: readonly Append[]): Promise<void> {
  const parents = new Set<string>();
  await eachLimited(appends, FILES_AT_ONCE, async ({ path, isNew, members }) => {
    if (isNew) {
      await makeJobDirectory(dirname(path));
      parents.add(dirname(dirname(path)));
    }
    // A FIFO in the file's place would hold the thread until somebody reads it.
    const handle = await open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, FILE_MODE);
    try {
      if (!(await handle.stat()).isFile()) throw new Error(`${path} is no file; move it away`);
      await writeAll(handle, members);
      await handle.datasync();
    } finally {
      await handle.close();
    }
    if (isNew) await syncDirectory(dirname(path));
  });
  for (const parent of parents) await syncDirectory(parent);
}

/** Cuts the files back to their lengths before the append; files and directories that it made go. */
export async function undoAppends(files: readonly { path: string; length: number }[]): Promise<void> {
  await eachLimited(files, FILES_AT_ONCE, async ({ path, length }) => {
    const found = await fileLength(path);
    if (length === 0) await removeNew(path);
    else if (found > length) {
      await truncate(path, length);
      await syncFile(path);
    }
  });
}

/** Removes whole job directories, durably. */
export async function removeDirectories(directories: readonly string[]): Promise<void> {
  for (const directory of directories) {
    await rm(directory, { recursive: true, force: true });
    await syncDirectory(dirname(directory));
  }
}

/** The directory above is there, and synced for many jobs at once, unless somebody has removed it. */
async function makeJobDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') await makeDirectory(path);
    else if (code !== 'EEXIST') throw error;
  }
}

async function writeAll(handle: Awaited<ReturnType<typeof open>>, members: readonly Buffer[]): Promise<void> {
  for (let bytes of members) {
    while (bytes.length > 0) {
      const { bytesWritten } = await handle.write(bytes);
      bytes = bytes.subarray(bytesWritten);
    }
  }
}

async function removeNew(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  // What is no file was not made here.
  if (found && !found.isFile()) return;
  await rm(path, { force: true });
  try {
    await rmdir(dirname(path));
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    await syncDirectory(dirname(path));
    return;
  }
  await syncDirectory(dirname(dirname(path)));
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Bytes of the file; 0 when it is not there. */
export async function fileLength(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isMissing(error)) return 0;
    throw error;
  }
}
