import { lstat, open, rm, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isJobId } from '@joblet/storage';
import { isMissing } from '../errors.js';
import { syncDirectory } from '../disk/sync-directory.js';
import { INTENT_FILE } from '../format/file-names.js';
import type { Layout, JobFile } from '../format/layout.js';

/** Of version 0.1: files with their lengths before an append, or the job of a delete. */
type Intent =
  | { readonly kind: 'append'; readonly files: readonly (JobFile & { readonly length: number })[] }
  | { readonly kind: 'delete'; readonly jobId: string };

/** What the store's first version had under way when its process died: an append is undone, a delete carried through, once. */
export async function finishOldIntent(
  baseDirectory: string,
  layout: Layout,
): Promise<Intent['kind'] | undefined> {
  const path = join(baseDirectory, INTENT_FILE);
  const intent = await readIntent(path);
  if (intent === 'missing') return undefined;
  if (intent?.kind === 'delete' && isJobId(intent.jobId)) {
    for (const directory of layout.directories(intent.jobId)) {
      await rm(directory, { recursive: true, force: true });
      await syncDirectory(dirname(directory));
    }
  }
  if (intent?.kind === 'append') {
    for (const file of intent.files) if (isJobId(file.jobId)) await cutFile(layout.path(file), file.length);
  }
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
  return intent?.kind;
}

async function readIntent(path: string): Promise<Intent | 'missing' | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const [line] = (await handle.readFile('utf8')).split('\n', 1);
      const json = line.slice(9);
      const isWhole = json !== '' && line.slice(0, 8) === crc32(json).toString(16).padStart(8, '0');
      return isWhole ? (JSON.parse(json) as Intent) : undefined;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return 'missing';
    throw error;
  }
}

async function cutFile(path: string, length: number): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (!stats?.isFile() || stats.size <= length) return;
  if (length === 0) await rm(path);
  else await truncate(path, length);
  if (length === 0) return syncDirectory(dirname(path));
  const handle = await open(path, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
