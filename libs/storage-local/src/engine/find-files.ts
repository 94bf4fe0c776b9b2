import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { statsOf } from '../disk/stats-of.js';
import { compressedFileOf, isTemporary } from '../format/file-names.js';
import { dataFilesIn } from '../format/layout.js';
import { newFile, type Area, type DataFile, type JobTable, type LostRows } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { lostRowsFile, readLostRows } from './lost-rows.js';

/**
 * Which rotated files there are: what lies in the folder counts, whatever is recorded, and what a crash has left half made is
 * removed. Nothing may be under way in the area. `entries`: the names in the folder.
 */
export function findRotated(
  table: JobTable,
  jobId: string,
  name: AreaName,
  area: Area,
  entries = table.layout.entriesSync(name, jobId),
): void {
  const { layout } = table;
  const pathOf = (fileName: string): string => layout.path({ area: name, jobId, fileName });
  for (const entry of entries) if (isTemporary(entry)) rmSync(pathOf(entry), { force: true });
  const rotated = dataFilesIn(name, entries).filter(({ number }) => number > 0);
  // A crash came before it was removed: what is compressed has all of its rows.
  const done = rotated.filter(({ fileName }) => entries.includes(compressedFileOf(fileName)));
  for (const { fileName } of done) rmSync(pathOf(fileName), { force: true });
  const found = rotated.filter((file) => !done.includes(file));
  const live = area.files.filter(({ number }) => number === 0);
  const recorded = area.files.filter(({ number }) => number > 0);
  const lost = new Map<number, LostRows>();
  for (const stream of new Set(live.map((file) => file.stream))) {
    const isThere = entries.includes(lostRowsFile(name, stream));
    const told = isThere ? readLostRows(dirname(pathOf(live[0].fileName)), name, stream) : undefined;
    const last = told ?? area.lost.get(stream);
    if (last) lost.set(stream, last);
  }
  const files: DataFile[] = [];
  for (const file of found) {
    // Its rows count as gone: a crash came before it was removed.
    if (file.number <= (lost.get(file.stream)?.upTo ?? 0)) continue;
    const known = recorded.find(({ fileName }) => fileName === file.fileName);
    files.push(known ?? newFile(file, undefined, Math.floor(statsOf(pathOf(file.fileName))?.mtimeMs ?? 0)));
  }
  for (const file of live) {
    const before = recorded.filter(({ stream }) => stream === file.stream).map(({ number }) => number);
    const known = Math.max(0, area.lost.get(file.stream)?.upTo ?? 0, ...before);
    const newest = Math.max(
      0,
      lost.get(file.stream)?.upTo ?? 0,
      ...files.filter(({ stream }) => stream === file.stream).map(({ number }) => number),
    );
    // What was recorded of it is what the rotated file has, or the other way round.
    if (newest !== known) file.counted = file.synced = undefined;
  }
  area.files = [...files, ...live];
  area.lost = lost;
}
