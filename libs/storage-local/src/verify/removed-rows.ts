import { join } from 'node:path';
import type { LostRows } from '../engine/job-table.js';
import type { AreaName } from '../engine/log-entry.js';
import { lostRowsFile, readLostRows } from '../engine/lost-rows.js';
import { FILES } from '../format/layout.js';
import { bytesIn } from './path-problems.js';
import type { Problem } from './verify-report.js';

/** What was taken away of an area on purpose. */
export interface RemovedRows {
  /** By stream. */
  readonly lost: ReadonlyMap<number, LostRows>;
  readonly problems: readonly Problem[];
}

/** `names`: what is in the folder. */
export async function removedRowsIn(
  folder: string,
  area: AreaName,
  names: readonly string[],
): Promise<RemovedRows> {
  const lost = new Map<number, LostRows>();
  const problems: Problem[] = [];
  for (const stream of new Set<number>(FILES[area].map((file) => file.stream))) {
    const name = lostRowsFile(area, stream);
    if (!names.includes(name)) continue;
    const path = join(folder, name);
    const bytes = await bytesIn(path);
    const rows = typeof bytes === 'string' ? undefined : readLostRows(folder, area, stream);
    const problem = typeof bytes === 'string' ? bytes : 'it does not say which rows were removed';
    if (rows) lost.set(stream, rows);
    else problems.push({ path, problem });
  }
  return { lost, problems };
}
