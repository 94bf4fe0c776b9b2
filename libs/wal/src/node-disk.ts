import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Disk, DiskFile } from './disk.js';
import { DIRECTORY_MODE, FILE_MODE } from './limits.js';

/** The file system of the machine. */
export const nodeDisk: Disk = {
  list: (directory) => readdir(directory),
  makeDirectory,
  create: async (path) => {
    const { O_RDWR, O_CREAT, O_EXCL } = constants;
    return new NodeFile(await open(path, O_RDWR | O_CREAT | O_EXCL, FILE_MODE));
  },
  open: async (path) => new NodeFile(await open(path, 'r+')),
  remove: (path) => rm(path),
  rename,
  syncDirectory,
};

/** As `nodeDisk`, for those who must change nothing. */
export const readOnlyDisk: Pick<Disk, 'list' | 'open'> = {
  list: nodeDisk.list,
  open: async (path) => new NodeFile(await open(path, 'r')),
};

/** Node's own `recursive` never ends where nothing can be made although the folder above is there (/proc). */
async function makeDirectory(directory: string): Promise<void> {
  if (await isDirectory(directory)) return;
  const parent = dirname(directory);
  if (parent !== directory) await makeDirectory(parent);
  try {
    await mkdir(directory, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Somebody else was faster, or something that is no folder is there.
    if (await isDirectory(directory)) return;
    throw error;
  }
  await syncDirectory(parent);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(join(directory, '.'), 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

class NodeFile implements DiskFile {
  private readonly handle: FileHandle;

  constructor(handle: FileHandle) {
    this.handle = handle;
  }

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async write(buffers: readonly Uint8Array[], position: number): Promise<number> {
    return (await this.handle.writev([...buffers], position)).bytesWritten;
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    let total = 0;
    while (total < into.length) {
      const { bytesRead } = await this.handle.read(into, total, into.length - total, position + total);
      if (bytesRead === 0) break;
      total += bytesRead;
    }
    return total;
  }

  async truncate(size: number): Promise<void> {
    await this.handle.truncate(size);
  }

  async sync(): Promise<void> {
    await this.handle.datasync();
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}
