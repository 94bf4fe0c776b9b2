import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode } from '../errors.js';
import { DIRECTORY_MODE } from '../format/file-names.js';
import { syncDirectory } from './sync-directory.js';

/**
 * Makes a directory and those above it that are missing, durably. Node's own `recursive` never ends where nothing can be
 * made although the directory above is there (/proc).
 */
export async function makeDirectory(path: string): Promise<void> {
  if (await isDirectory(path)) return;
  const parent = dirname(path);
  if (parent !== path) await makeDirectory(parent);
  try {
    await mkdir(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Somebody else was faster, or something that is no directory is there.
    if (errorCode(error) === 'EEXIST' && (await isDirectory(path))) return;
    throw error;
  }
  await syncDirectory(parent);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}
