import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from './disk.js';
import { isMissing } from './errors.js';
import { ID_FILE, positionOfName } from './file-names.js';
import { readOnlyDisk } from './node-disk.js';

/** The folder of a log as if files of the log that cannot be read were not there: what is wrong with each is told once. */
export async function readableDisk(
  directory: string,
  onUnreadable: (path: string, reason: string) => void,
): Promise<Pick<Disk, 'list' | 'open'>> {
  const unreadable = new Set<string>();
  for (const name of await readOnlyDisk.list(directory)) {
    if (name !== ID_FILE && positionOfName(name) === undefined) continue;
    const path = join(directory, name);
    const reason = await whyUnreadable(path);
    if (reason === undefined) continue;
    unreadable.add(path);
    onUnreadable(path, reason);
  }
  return {
    list: async (of) => (await readOnlyDisk.list(of)).filter((name) => !unreadable.has(join(of, name))),
    open: async (path) => {
      if (unreadable.has(path)) throw Object.assign(new Error(`${path} cannot be read`), { code: 'ENOENT' });
      return readOnlyDisk.open(path);
    },
  };
}

/** Without O_NONBLOCK, a FIFO that nobody writes to would be waited for. */
const FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

async function whyUnreadable(path: string): Promise<string | undefined> {
  try {
    const handle = await open(path, FLAGS);
    try {
      if (!(await handle.stat()).isFile()) return 'it is no file';
      await handle.read(Buffer.alloc(1), 0, 1, 0);
      return undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    return isMissing(error) ? undefined : reasonOf(error);
  }
}

/** Of an error of the disk; a bug is thrown again. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || !('syscall' in error)) throw error;
  return error.message;
}
