import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { FILE_MODE } from '../format/file-names.js';
import { STORE_ID_BYTES } from './piece-header.js';
import type { Run } from './runs.js';

/** In hexadecimal. */
export function newStoreId(): string {
  return randomBytes(STORE_ID_BYTES).toString('hex');
}

/** Undefined when the file is not there, damaged, or cannot be read: then the runs tell. */
export async function readStoreId(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'latin1').catch(() => '');
  return /^[0-9a-f]{32}\n$/.test(text) ? text.trim() : undefined;
}

/** It need not be durable: runs name the id as well, and before the first of them any id will do. */
export async function writeStoreId(path: string, id: string): Promise<void> {
  await writeFile(path, `${id}\n`, { mode: FILE_MODE });
}

/**
 * Whose the runs are, when the file is of no help: the store's of most of those that the job index names, else of most; of as many, the
 * lowest number's, since who adds one takes a number that is free. Undefined when there are none.
 */
export function storeIdOf(runs: readonly Run[], needed: ReadonlySet<number>): string | undefined {
  const named = runs.filter(({ number }) => needed.has(number));
  const voters = (named.length > 0 ? named : [...runs]).sort((a, b) => a.number - b.number);
  const counts = new Map<string, number>();
  for (const { directory } of voters) counts.set(directory.storeId, (counts.get(directory.storeId) ?? 0) + 1);
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most?.[0];
}
