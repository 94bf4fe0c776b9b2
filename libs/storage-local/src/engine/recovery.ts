import { statSync } from 'node:fs';
import { dirname } from 'node:path';
import { open } from 'node:fs/promises';
import type { WriteAheadLog } from '@joblet/wal';
import { eachLimited } from '../disk/each-limited.js';
import { syncDirectory } from '../disk/sync-directory.js';
import { FILES_AT_ONCE } from '../limits.js';
import { readFileTail } from './file-tail.js';
import { graveKey, NO_FACTS, type Area, type DataFile, type Job, type JobTable } from './job-table.js';
import type { AreaName, BatchEntry } from './log-entry.js';
import { pickRows } from './row-buffer.js';
import { rowStream, totalsOf } from './row-totals.js';
import type { NewPiece, Run, RunPiece, RunStore } from './runs.js';
import { logEntries, touch, type LogSurvey, type TouchedArea } from './survey-log.js';

export interface RecoveryContext {
  readonly log: WriteAheadLog;
  readonly table: JobTable;
  readonly runs: RunStore;
  /** Of the oldest record that is needed. */
  readonly from: bigint | undefined;
  /** The ordinals from `first` on that the files of the job have, whatever state they are in. */
  readonly readOrdinals: (jobId: string, name: AreaName, first: bigint) => Promise<ReadonlySet<bigint>>;
}

/** Which rows of the log are not in files or runs. */
export interface MissingRows {
  isMissing(area: Area, key: string, ordinal: bigint, stream: () => number): boolean;
}

/**
 * Looks at the files of the areas of which the log or a run has rows, decides how much of them counts, and which pieces of runs are
 * still needed. Nothing is cut here: what does not count is cut off by the next append.
 */
export async function inspectFiles(context: RecoveryContext, survey: LogSurvey): Promise<MissingRows> {
  const { table, runs } = context;
  const pieces = new Map<string, { run: Run; piece: RunPiece }[]>();
  for (const run of runs.runs) {
    for (const piece of run.pieces) {
      const key = graveKey(piece.area, piece.jobId);
      const born = table.jobs.get(piece.jobId)?.[piece.area]?.born ?? table.graves.get(key) ?? 0n;
      if (run.position <= born) continue;
      const area = table.area(piece.jobId, piece.area);
      if (piece.lastOrdinal >= area.nextOrdinal) area.nextOrdinal = piece.lastOrdinal + 1n;
      // Files that nothing was appended to since they were recorded are as they were.
      if (survey.touched.has(key) || area.files.some(({ counted }) => !counted))
        touch(survey.touched, piece.jobId, piece.area, piece.firstOrdinal, piece.lastOrdinal + 1n);
      pieces.set(key, [...(pieces.get(key) ?? []), { run, piece }]);
    }
  }
  const present = new Map<string, ReadonlySet<bigint>>();
  const parents = new Set<string>();
  const toMark: { file: DataFile }[] = [];
  await eachLimited([...survey.touched.values()], FILES_AT_ONCE, async (touched) => {
    const { jobId, name } = touched;
    const area = table.area(jobId, name);
    const isSound = await inspectArea(context, touched, area, survey.holes > 0, parents, toMark);
    area.isChecked = true;
    if (isSound) return;
    for (const file of area.files) file.counted = file.synced = undefined;
    present.set(graveKey(name, jobId), await context.readOrdinals(jobId, name, touched.first));
  });
  for (const parent of parents) await syncDirectory(parent);
  for (const { file } of toMark) file.synced = file.counted;
  const isInFile = (area: Area, key: string, ordinal: bigint, stream: () => number): boolean => {
    const found = present.get(key);
    if (found) return found.has(ordinal);
    const lasts = area.files.map(({ counted }) => counted?.lastOrdinal ?? -1n);
    if (lasts.every((last) => ordinal > last)) return false;
    if (lasts.every((last) => ordinal <= last)) return true;
    const own = stream();
    return ordinal <= lasts[area.files.findIndex((file) => file.stream === own)];
  };
  const ranges = await keepPieces(context, pieces, isInFile);
  return {
    isMissing(area, key, ordinal, stream) {
      if (ranges.get(key)?.some(({ first, last }) => ordinal >= first && ordinal <= last)) return false;
      return !isInFile(area, key, ordinal, stream);
    },
  };
}

/** False when the files are in no state that this store leaves behind: then a reader has to find out what they have. */
async function inspectArea(
  { table }: RecoveryContext,
  touched: TouchedArea,
  area: Area,
  hasHoles: boolean,
  parents: Set<string>,
  toMark: { file: DataFile }[],
): Promise<boolean> {
  for (const file of area.files) {
    const path = table.layout.path({ area: touched.name, jobId: touched.jobId, fileName: file.fileName });
    const recorded = file.synced;
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (recorded && size === recorded.length) continue;
    const tail = await readFileTail(path, recorded ?? NO_FACTS, recorded ? 0n : touched.first);
    const { facts } = tail;
    // What was appended since the last sync is in the log, which is trimmed only behind a sync.
    const isBehindRecorded = recorded !== undefined && facts.length >= recorded.length && !hasHoles;
    const isInLog = touched.isContiguous && touched.first <= facts.lastOrdinal + 1n;
    if (!tail.isWhole && !isBehindRecorded && !isInLog) return false;
    file.counted = facts;
    file.synced = facts;
    file.hasRest = !tail.isWhole;
    if (facts.lastOrdinal >= area.nextOrdinal) area.nextOrdinal = facts.lastOrdinal + 1n;
    if (!tail.hasMore) continue;
    // It may be in memory only: the log is not to be trimmed behind that.
    file.synced = recorded ?? NO_FACTS;
    const handle = await open(path, 'r+');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
    await syncDirectory(dirname(path));
    parents.add(dirname(dirname(path)));
    toMark.push({ file });
  }
  return true;
}

/** Rows of a piece that is in the files in part go to a run of their own. Resolves to which ordinals the runs have. */
async function keepPieces(
  { table, runs }: RecoveryContext,
  pieces: ReadonlyMap<string, { run: Run; piece: RunPiece }[]>,
  isInFile: (area: Area, key: string, ordinal: bigint, stream: () => number) => boolean,
): Promise<Map<string, { first: bigint; last: bigint }[]>> {
  const ranges = new Map<string, { first: bigint; last: bigint }[]>();
  const cut: { job: Job; area: Area; piece: NewPiece }[] = [];
  for (const [key, found] of pieces) {
    found.sort((a, b) => (a.piece.firstOrdinal < b.piece.firstOrdinal ? -1 : 1));
    const covered: { first: bigint; last: bigint }[] = [];
    ranges.set(key, covered);
    for (const { run, piece } of found) {
      const job = table.job(piece.jobId);
      const area = table.area(piece.jobId, piece.area);
      if (covered.some(({ first, last }) => piece.firstOrdinal <= last && piece.lastOrdinal >= first))
        continue;
      covered.push({ first: piece.firstOrdinal, last: piece.lastOrdinal });
      const ends = piece.totals.flatMap(({ stream, firstOrdinal, lastOrdinal }) =>
        [firstOrdinal, lastOrdinal].map((ordinal) => isInFile(area, key, ordinal, () => stream)),
      );
      if (ends.every((isThere) => isThere)) continue;
      if (!ends.some((isThere) => isThere)) {
        area.parts.push({ kind: 'run', run, piece });
        run.live++;
        table.pending.set(area, { job, name: piece.area });
        continue;
      }
      const all = await run.load(piece);
      const rows = pickRows(
        all,
        (row) => !isInFile(area, key, all.ordinals[row], () => rowStream(piece.area, all, row)),
      );
      if (rows.starts.length === 0) continue;
      const left = { jobId: piece.jobId, area: piece.area, rows, totals: totalsOf(piece.area, rows) };
      cut.push({ job, area, piece: left });
    }
  }
  if (cut.length === 0) return ranges;
  const position = runs.runs.reduce((last, run) => (run.position > last ? run.position : last), 0n);
  const run = await runs.write(
    cut.map(({ piece }) => piece),
    position,
  );
  cut.forEach(({ job, area, piece }, index) => {
    area.parts.unshift({ kind: 'run', run, piece: run.pieces[index] });
    run.live++;
    table.pending.set(area, { job, name: piece.area });
  });
  return ranges;
}

/** The rows of the log's batches that are missing elsewhere; `add` is given rows with consecutive ordinals. */
export async function replayRows(
  { log, table, from }: Pick<RecoveryContext, 'log' | 'table' | 'from'>,
  missing: Pick<MissingRows, 'isMissing'>,
  add: (
    job: Job,
    area: Area,
    batch: { entry: BatchEntry; picked: readonly number[]; first: bigint; position: bigint },
  ) => Promise<void>,
): Promise<number> {
  let added = 0;
  // Holes were told of when the log was surveyed.
  for await (const { record, position, entry } of logEntries(log, from, () => undefined)) {
    if (entry.type !== 'batch') continue;
    const numbers: number[][] = entry.table.jobIds.map(() => []);
    for (let row = 0; row < entry.table.starts.length; row++) numbers[entry.table.jobOfRow[row]].push(row);
    for (const [index, jobId] of entry.table.jobIds.entries()) {
      const job = table.jobs.get(jobId);
      const area = job?.[entry.kind];
      if (!job || !area || position < area.born) continue;
      const key = graveKey(entry.kind, jobId);
      let picked: number[] = [];
      let first = 0n;
      const flush = async (): Promise<void> => {
        if (picked.length === 0) return;
        added += picked.length;
        await add(job, area, { entry, picked, first, position: record });
        picked = [];
      };
      for (const [offset, row] of numbers[index].entries()) {
        const ordinal = entry.firstOrdinals[index] + BigInt(offset);
        const { bytes } = entry;
        const rows = { bytes, ...entry.table, ordinals: new BigUint64Array(0) };
        if (!missing.isMissing(area, key, ordinal, () => rowStream(entry.kind, rows, row))) await flush();
        else {
          if (picked.length === 0) first = ordinal;
          picked.push(row);
        }
      }
      await flush();
    }
  }
  return added;
}
