import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isJobId } from '@joblet/storage';
import { isMissing } from '../errors.js';
import { OWN_DIRECTORY } from '../format/file-names.js';
import { lostRowsFile, readLostRows } from '../engine/lost-rows.js';
import { dataFileOf, FILES } from '../format/layout.js';

export interface Orphan {
  readonly path: string;
  readonly what: string;
  /** Whether it holds nothing of anybody's: it may go. */
  readonly isOurs: boolean;
}

/** What lies in the folder of logs or metrics, and in the store's own one there, and belongs to no job. */
export async function* areaOrphans(directory: string): AsyncGenerator<Orphan> {
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry);
    if (entry !== OWN_DIRECTORY && !isJobId(entry))
      yield { path, what: 'its name is no job id', isOurs: false };
  }
  yield* ownOrphans(join(directory, OWN_DIRECTORY));
}

/** Files that were being made when a process died: their names say so. */
export async function* ownOrphans(directory: string): AsyncGenerator<Orphan> {
  for (const entry of await entriesOf(directory)) {
    const path = join(directory, entry);
    if (entry.endsWith('.tmp')) yield { path, what: 'a file that was being made', isOurs: true };
    else if (await isDirectory(path)) yield* ownOrphans(path);
  }
}

/** What lies in a job's folder and is none of its files. */
export async function* jobOrphans(directory: string, area: keyof typeof FILES): AsyncGenerator<Orphan> {
  const entries = new Set(await entriesOf(directory));
  const gone = new Map<number, number>();
  const gaps = new Set<string>();
  for (const stream of new Set<number>(FILES[area].map((file) => file.stream))) {
    const lost = readLostRows(directory, area, stream);
    if (!lost) continue;
    gone.set(stream, lost.upTo);
    gaps.add(lostRowsFile(area, stream));
  }
  for (const entry of entries) {
    const path = join(directory, entry);
    const data = entry.replace(/\.(idx|flt)$/, '');
    const file = dataFileOf(area, data);
    if (file && data !== entry) {
      if (!entries.has(data)) yield { path, what: 'an index without its data', isOurs: true };
    } else if (file) {
      const isGone = file.number > 0 && file.number <= (gone.get(file.stream) ?? 0);
      if (isGone) yield { path, what: 'a rotated file whose rows count as gone', isOurs: true };
    } else if (!gaps.has(entry)) {
      const isOurs = entry.startsWith('.');
      yield { path, what: isOurs ? 'a file that was being made' : 'no file of a job', isOurs };
    }
  }
}

export async function removeOrphan({ path }: Orphan): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function entriesOf(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isMissing(error) || !(await isDirectory(directory))) return [];
    throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
