import { realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StorageError } from '@joblet/storage';
import { OWN_DIRECTORY } from '../format/file-names.js';
import { makeDirectory } from './make-directory.js';
import { lockOwner, type OwnerLock } from './owner-lock.js';

export interface StoreDirectories {
  readonly base: string;
  readonly logs: string;
  readonly metrics: string;
}

/**
 * Makes the directories of a store, and becomes the owner of each: another store may name the same ones, by other paths.
 * INVALID_ARGUMENT when one would be taken for a job of another.
 */
export async function ownDirectories({ base, logs, metrics }: StoreDirectories): Promise<OwnerLock> {
  for (const directory of [logs, metrics, base]) await makeDirectory(directory);
  const real = {
    base: await realpath(base),
    logs: await realpath(logs),
    metrics: await realpath(metrics),
  };
  checkApart('logs', real.logs, 'base', real.base);
  checkApart('metrics', real.metrics, 'base', real.base);
  if (real.logs !== real.metrics) {
    checkApart('logs', real.logs, 'metrics', real.metrics);
    checkApart('metrics', real.metrics, 'logs', real.logs);
  }
  const places = new Map([
    [real.metrics, metrics],
    [real.logs, logs],
    [real.base, base],
  ]);
  return lockAll([...places.values()].reverse());
}

function checkApart(outerName: string, outer: string, innerName: string, inner: string): void {
  if (inner !== outer && !inner.startsWith(outer.endsWith(sep) ? outer : outer + sep)) return;
  const found = inner === outer ? 'the same as' : 'below';
  throw new StorageError(
    'INVALID_ARGUMENT',
    `${innerName} directory ${inner}: found ${found} the ${outerName} directory ${outer}, where every folder is a job's; expected another place`,
  );
}

async function lockAll(directories: readonly string[]): Promise<OwnerLock> {
  const locks: OwnerLock[] = [];
  const release = async (): Promise<void> => {
    for (const lock of locks) await lock.release();
  };
  try {
    for (const directory of directories) {
      await makeDirectory(join(directory, OWN_DIRECTORY));
      locks.push(await lockOwner(directory));
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}
