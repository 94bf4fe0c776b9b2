import { join } from 'node:path';
import { olderJobIndex, readJobIndex } from '../engine/job-index.js';
import { JobTable } from '../engine/job-table.js';
import { JOB_INDEX_FILE } from '../format/file-names.js';
import type { Layout } from '../format/layout.js';
import { fileProblem, isThere } from './path-problems.js';
import type { Problem } from './verify-report.js';

/** What the job index says, as a start would take it. */
export interface Recorded {
  readonly table: JobTable;
  /** A start reads the log from here on: rows of before are taken from runs and files alone. */
  readonly position: bigint;
  readonly problems: readonly Problem[];
}

export async function readRecorded(baseDirectory: string, layout: Layout): Promise<Recorded> {
  const path = join(baseDirectory, JOB_INDEX_FILE);
  const problems: Problem[] = [];
  for (const generation of [path, olderJobIndex(path)]) {
    const table = new JobTable(layout);
    const position = (await fileProblem(generation)) ?? (await readJobIndex(generation, table));
    if (typeof position === 'bigint') {
      // Those that the older one names may have been removed since.
      if (generation !== path) table.runs.clear();
      return { table, position, problems };
    }
    if (isThere(generation)) problems.push({ path: generation, problem: position });
  }
  return { table: new JobTable(layout), position: 0n, problems };
}
