import { lstatSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../errors.js';
import { AREAS, isKnown, newArea, NO_FACTS, type Area, type Job, type JobTable } from './job-table.js';
import type { AreaName } from './log-entry.js';

/** Compares the sizes of the files with what counts; if somebody else has changed one, nothing is known of them any more. */
export function checkSizes(table: JobTable, job: Job, name: AreaName, area: Area): void {
  area.isChecked = true;
  if (area.busy || !isKnown(area)) return;
  const isSame = area.files.every(({ fileName, counted = NO_FACTS, hasRest }) => {
    const path = table.layout.path({ area: name, jobId: job.jobId, fileName });
    const stats = statsOf(path);
    if (stats?.isFile() === true)
      return hasRest ? stats.size >= counted.length : stats.size === counted.length;
    return counted.length === 0 && !stats && !lstatSync(path, { throwIfNoEntry: false });
  });
  if (!isSame) for (const file of area.files) file.counted = file.synced = undefined;
}

/** A job whose folder somebody has put there since the store was opened. */
export function adopt(
  table: JobTable,
  jobId: string,
  isDeleted: (name: AreaName) => boolean,
): Job | undefined {
  for (const name of AREAS) {
    const directory = join(table.layout.path({ area: name, jobId, fileName: '' }));
    if (!isDeleted(name) && isDirectory(directory))
      table.job(jobId)[name] ??= newArea(name, { facts: undefined });
  }
  return table.jobs.get(jobId);
}

const NO_TARGET = new Set(['ENOTDIR', 'ELOOP']);

/** Undefined when there is nothing, or a link to nothing. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (NO_TARGET.has(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}

function isDirectory(path: string): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}
