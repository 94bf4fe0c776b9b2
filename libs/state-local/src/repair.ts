import { resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { StateStoreError, type JobRecord } from '@joblet/state-store';
import { newLevel, type Level } from './database.js';
import { storeError } from './errors.js';
import { batches, FORMAT, FORMAT_KEY, indexes, records } from './keys.js';
import { REPAIRED_RECORDS_MAX } from './limits.js';
import { decodeValue } from './record-value.js';
import { indexEntries } from './record-entries.js';
import { scan } from './scan.js';

/** What a repair has found. */
export interface Repair {
  /** Jobs that are whole. */
  readonly jobs: number;
  /** Uuids of jobs whose records were damaged: they are removed. */
  readonly removed: readonly string[];
}

/**
 * Keeps what is whole of a folder that no longer opens, and makes the indexes anew. Jobs may be missing afterwards, or be
 * as they were before their last changes; what has been deleted may be there again. UNAVAILABLE when a process has the
 * folder open. One that is broken off is to be done again.
 */
export async function repairLocalStateStore({ directory }: { readonly directory: string }): Promise<Repair> {
  const folder = resolve(directory);
  try {
    await checkUnused(folder);
    await ClassicLevel.repair(folder);
    const level = newLevel(folder);
    await level.open({ createIfMissing: false });
    try {
      return await makeAnew(level);
    } finally {
      await level.close();
    }
  } catch (error) {
    throw storeError(error, `LevelDB in ${folder} cannot be repaired`);
  }
}

/** LevelDB's repair does not look whether somebody has the folder open; opening it does, before it looks at the rest. */
async function checkUnused(folder: string): Promise<void> {
  const level = newLevel(folder);
  try {
    await level.open({ createIfMissing: false });
    await level.close();
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof Error && 'code' in cause && cause.code === 'LEVEL_LOCKED') throw error;
  }
}

async function makeAnew(level: Level): Promise<Repair> {
  if (!(await hasJobs(level))) {
    throw new StateStoreError('INVALID_ARGUMENT', `LevelDB in ${level.location} has no job states`);
  }
  // Without it the folder does not open: whatever of this is done, all of it is to be done.
  await level.del(FORMAT_KEY, { sync: true });
  for (const { prefix, end } of [...indexes, batches]) await level.clear({ gt: prefix, lt: end });
  const removed: string[] = [];
  let jobs = 0;
  let behind = records.prefix;
  for (;;) {
    const some = await scan(level, records, { behind, limit: REPAIRED_RECORDS_MAX });
    if (some.length === 0) break;
    const batch = level.batch();
    for (const [key, value] of some) {
      const uuid = key.slice(records.prefix.length);
      const record = wholeRecord(uuid, value);
      if (record === undefined) {
        batch.del(key);
        removed.push(uuid);
      } else if (record.kind === 'job') jobs++;
      for (const [entry, summary] of indexEntries(record)) batch.put(entry, summary);
    }
    await batch.write();
    behind = some[some.length - 1][0];
  }
  await level.put(FORMAT_KEY, FORMAT, { sync: true });
  return { jobs, removed };
}

async function hasJobs(level: Level): Promise<boolean> {
  if ((await level.get(FORMAT_KEY)) === FORMAT) return true;
  const some = await scan(level, records, { limit: REPAIRED_RECORDS_MAX });
  return some.some(([key, value]) => wholeRecord(key.slice(records.prefix.length), value) !== undefined);
}

function wholeRecord(uuid: string, value: string): JobRecord | undefined {
  try {
    const record = decodeValue(uuid, value);
    return record.uuid === uuid ? record : undefined;
  } catch {
    return undefined;
  }
}
