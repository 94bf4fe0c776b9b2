import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { statsOf } from '../disk/stats-of.js';
import { findRotated } from './find-files.js';
import { AREAS, isKnown, newArea, NO_FACTS, type Area, type Job, type JobTable } from './job-table.js';
import type { AreaName } from './log-entry.js';

/** Compares the sizes of the files with what counts; if somebody else has changed one, nothing is known of them any more. */
export function checkSizes(table: JobTable, job: Job, name: AreaName, area: Area): void {
  if (area.busy) {
    area.isChecked = true;
    return;
  }
  if (!area.isChecked) findRotated(table, job.jobId, name, area);
  area.isChecked = true;
  if (!isKnown(area)) return;
  const isSame = area.files.every(({ fileName, counted = NO_FACTS, hasRest }) => {
    const path = table.layout.path({ area: name, jobId: job.jobId, fileName });
    const stats = statsOf(path);
    if (stats?.isFile() === true)
      return hasRest ? stats.size >= counted.length : stats.size === counted.length;
    return counted.length === 0 && !stats && !lstatSync(path, { throwIfNoEntry: false });
  });
  if (isSame) return;
  findRotated(table, job.jobId, name, area);
  for (const file of area.files) file.counted = file.synced = undefined;
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

function isDirectory(path: string): boolean {
  return statsOf(path)?.isDirectory() ?? false;
}
