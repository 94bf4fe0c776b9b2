import { join } from 'node:path';
import { isJobId } from '@joblet/storage';
import { OWN_DIRECTORY } from '../format/file-names.js';
import { lostRowsFile } from '../engine/lost-rows.js';
import { dataFileOf, FILES } from '../format/layout.js';
import type { AreaFolder } from './area-folders.js';
import { isFolder, namesIn } from './path-problems.js';
import { removedRowsIn } from './removed-rows.js';

export interface Orphan {
  readonly path: string;
  readonly what: string;
  /** Whether it holds nothing of anybody's: it may go. */
  readonly isOurs: boolean;
}

/** What lies in the folder of logs or metrics, and in the store's own one there, and belongs to none of the jobs. */
export async function* areaOrphans(
  { path: directory, strays }: AreaFolder,
  jobIds: ReadonlySet<string>,
): AsyncGenerator<Orphan> {
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry);
    if (entry === OWN_DIRECTORY || jobIds.has(entry)) continue;
    if (!isJobId(entry)) yield { path, what: 'its name is no job id', isOurs: false };
    else if (strays.has(entry)) yield { path, what: 'it is no folder of a job', isOurs: false };
  }
  yield* ownOrphans(join(directory, OWN_DIRECTORY));
}

/** Files that were being made when a process died: their names say so. */
export async function* ownOrphans(directory: string): AsyncGenerator<Orphan> {
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry);
    if (entry.endsWith('.tmp')) yield { path, what: 'a file that was being made', isOurs: true };
    else if (isFolder(path)) yield* ownOrphans(path);
  }
}

/** What lies in a job's folder and is none of its files. */
export async function* jobOrphans(directory: string, area: keyof typeof FILES): AsyncGenerator<Orphan> {
  const entries = new Set(await entriesOf(directory));
  const { lost } = await removedRowsIn(directory, area, [...entries]);
  const known = new Set(FILES[area].map(({ stream }) => lostRowsFile(area, stream)));
  for (const entry of entries) {
    const path = join(directory, entry);
    const data = entry.replace(/\.(idx|flt)$/, '');
    const file = dataFileOf(area, data);
    if (file && data !== entry) {
      if (!entries.has(data)) yield { path, what: 'an index without its data', isOurs: true };
    } else if (file) {
      const isGone = file.number > 0 && file.number <= (lost.get(file.stream)?.upTo ?? 0);
      if (isGone) yield { path, what: 'a rotated file whose rows count as gone', isOurs: true };
    } else if (!known.has(entry)) {
      const isOurs = entry.startsWith('.');
      yield { path, what: isOurs ? 'a file that was being made' : 'no file of a job', isOurs };
    }
  }
}

/** None where no folder can be read: whoever looks for rows there tells it. */
async function entriesOf(directory: string): Promise<readonly string[]> {
  const names = await namesIn(directory);
  return Array.isArray(names) ? names : [];
}
