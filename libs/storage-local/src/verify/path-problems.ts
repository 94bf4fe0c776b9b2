import { lstatSync } from 'node:fs';
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { StorageError } from '@joblet/storage';
import { WalError } from '@joblet/wal';
import { statsOf } from '../disk/stats-of.js';
import { errorCode, isMissing, toStorageError } from '../errors.js';
import { FileSnapshot } from '../read/file-snapshot.js';

// A verification goes on: what is wrong with one path is found, told as a sentence that goes behind the path, and says nothing of others.

/** The process has too many files, or too little memory: that is wrong with no path, and nothing can be said of any. */
const OF_PROCESS = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** A folder above the path is none. */
const NO_FOLDER = new Set(['ENOTDIR', 'ELOOP']);

/** What is wrong with a path whose use failed; throws what is not the fault of the path, or a bug. */
export function problemOf(error: unknown): string {
  const cause = error instanceof WalError ? error.cause : error;
  const isOfDisk = cause instanceof Error && 'syscall' in cause && !OF_PROCESS.has(errorCode(cause) ?? '');
  if (!isOfDisk && !(error instanceof StorageError)) throw error;
  return error instanceof StorageError ? error.message : toStorageError(cause, 'it cannot be read').message;
}

/** The names in a folder, sorted; undefined: there is nothing; else what is wrong. */
export async function namesIn(path: string): Promise<readonly string[] | string | undefined> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ELOOP') return 'found symbolic links in a circle, expected a folder';
    if (!isMissing(error) && code !== 'ENOTDIR') return problemOf(error);
    const kind = kindOf(path);
    return kind && `found ${kind}, expected a folder`;
  }
}

/** All bytes of a file; undefined: there is nothing; else what is wrong. Never waits for a FIFO. */
export async function bytesIn(path: string): Promise<Buffer | string | undefined> {
  const file = openFile(path);
  if (!(file instanceof FileSnapshot))
    return file ?? (kindOf(path) === undefined ? undefined : Buffer.alloc(0));
  try {
    return await file.read(0, file.size);
  } catch (error) {
    return problemOf(error);
  } finally {
    await file.close();
  }
}

/** As FileSnapshot's `openSync`, with what is wrong instead of an error. */
export function openFile(path: string): FileSnapshot | string | undefined {
  try {
    const file = FileSnapshot.openSync(path, undefined);
    return typeof file === 'string' ? `found ${file}, expected a file` : file;
  } catch (error) {
    return problemOf(error);
  }
}

/** What is wrong with a path that has to be a file, if anything is there. */
export async function fileProblem(path: string): Promise<string | undefined> {
  const file = openFile(path);
  if (file instanceof FileSnapshot) await file.close();
  return typeof file === 'string' ? file : undefined;
}

/** Whether anything is there, a link to nothing too; so it is where one may not look. */
export function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return !NO_FOLDER.has(errorCode(error) ?? '');
  }
}

/** So it is where one may not look: whoever reads it finds out. */
export function isFolder(path: string): boolean {
  try {
    return statsOf(path)?.isDirectory() ?? false;
  } catch (error) {
    problemOf(error);
    return true;
  }
}

/** Removes a file, or a folder with nothing in it. Resolves to why it is still there. */
export async function removePath(path: string): Promise<string | undefined> {
  try {
    if ((await lstat(path)).isDirectory()) await rmdir(path);
    else await rm(path);
    return undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (errorCode(error) === 'ENOTEMPTY') return 'the folder is not empty: move it away';
    return toStorageError(error, 'it cannot be removed').message;
  }
}

/** Of what is no folder. */
function kindOf(path: string): string | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats) return undefined;
    if (stats.isSymbolicLink()) return 'a symbolic link to no folder';
    return stats.isFile() ? 'a file' : stats.isFIFO() ? 'a FIFO' : 'a socket or a device';
  } catch (error) {
    return NO_FOLDER.has(errorCode(error) ?? '') ? undefined : problemOf(error);
  }
}
