import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OLD_JOB_INDEX_FILE } from '../format/file-names.js';
import { AREAS, type JobTable } from './job-table.js';

/**
 * The older Go service's index tells when rows of a job last came, which no file does. Its other numbers are not believed: the files
 * have them. Jobs without files are none. Whatever is wrong with it, it is left out.
 */
export async function readOldIndex(baseDirectory: string, table: JobTable): Promise<void> {
  let index: unknown;
  try {
    index = JSON.parse(await readFile(join(baseDirectory, OLD_JOB_INDEX_FILE), 'utf8'));
  } catch {
    return;
  }
  if (typeof index !== 'object' || index === null) return;
  for (const [jobId, entry] of Object.entries(index as Record<string, unknown>)) {
    const job = table.jobs.get(jobId);
    if (!job || typeof entry !== 'object' || entry === null || !('LastUpdated' in entry)) continue;
    const { LastUpdated: seconds } = entry;
    if (typeof seconds !== 'number' || !Number.isSafeInteger(seconds * 1000) || seconds < 0) continue;
    for (const name of AREAS) {
      const area = job[name];
      if (area?.arrival === 0) area.arrival = seconds * 1000;
    }
  }
}
