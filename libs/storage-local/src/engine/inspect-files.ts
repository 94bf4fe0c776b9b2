import { dirname } from 'node:path';
import { open } from 'node:fs/promises';
import { StorageError } from '@joblet/storage';
import type { WriteAheadLog } from '@joblet/wal';
import { eachLimited } from '../disk/each-limited.js';
import { statsOf } from '../disk/stats-of.js';
import { syncDirectory } from '../disk/sync-directory.js';
import { errorCode } from '../errors.js';
import { isPlainFile } from '../format/file-names.js';
import { FILES_AT_ONCE, INDEXED_START_BYTES, ORDINAL_MAX } from '../limits.js';
import type { IndexedFile } from '../block-index/block-index.js';
import type { BlockIndexes } from '../read/block-plan.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { readFileTail } from './file-tail.js';
import { findRotated } from './find-files.js';
import {
  graveKey,
  NO_FACTS,
  type Area,
  type DataFile,
  type FileFacts,
  type Job,
  type JobTable,
} from './job-table.js';
import type { AreaName } from './log-entry.js';
import { inOrder, joinRows } from './row-buffer.js';
import { rowStream, totalsOf, type RowTotals } from './row-totals.js';
import type { RunPiece } from './run-directory.js';
import type { NewPiece } from './run-file.js';
import type { DamagedPiece, Run, RunStore } from './runs.js';
import { touch, type LogSurvey, type TouchedArea } from './survey-log.js';

export interface RecoveryContext {
  readonly log: WriteAheadLog;
  readonly table: JobTable;
  readonly runs: RunStore;
  /** Pieces whose rows come from the log, as far as it has them. */
  readonly damaged: ReadonlyMap<Run, ReadonlyMap<number, DamagedPiece>>;
  readonly onDamaged: (damaged: DamagedPiece) => void;
  readonly onUnread: (jobId: string, name: AreaName, error: Error) => void;
  readonly indexes: BlockIndexes;
  /** Which files are appended to. */
  readonly compression: Readonly<Record<AreaName, boolean>>;
  /** Of the oldest record that is needed. */
  readonly from: bigint | undefined;
  /** Whether a part of the log is lost. */
  readonly hasHoles: boolean;
  /** Whether the area had a folder when the store was opened; one that had none has no files. */
  readonly hasFolder: (jobId: string, name: AreaName) => boolean;
  /** Whether the area's files are those of a deleted job, which could not be taken away yet. */
  readonly isUncarried: (jobId: string, name: AreaName) => boolean;
  /** The ordinals from `first` on that the files of the job have, whatever state they are in. */
  readonly readOrdinals: (jobId: string, name: AreaName, first: bigint) => Promise<ReadonlySet<bigint>>;
}

/** Which rows of the log are not in files or runs. */
export interface MissingRows {
  isMissing(area: Area, key: string, ordinal: bigint, stream: () => number): boolean;
  /** All rows of the area with this ordinal or a higher one are missing. Absent: each is asked for. */
  missingFrom?(area: Area, key: string): bigint;
}

/**
 * Looks at the files of the areas of which the log or a run has rows, decides how much of them counts, and which pieces of runs are
 * still needed. What does not count is cut off by the next append; here, if the file gets none because compression was switched.
 */
export async function inspectFiles(context: RecoveryContext, survey: LogSurvey): Promise<MissingRows> {
  const pieces = findPieces(context, survey);
  const present = await inspectAreas(context, survey);
  const isInFile: IsInFile = (area, key, ordinal, stream) => {
    const found = present.get(key);
    if (found) return found.has(ordinal);
    const lasts = area.files.map(({ counted }) => counted?.lastOrdinal ?? -1n);
    if (lasts.every((last) => ordinal > last)) return false;
    if (lasts.every((last) => ordinal <= last)) return true;
    const own = stream();
    return area.files.some((file, index) => file.stream === own && ordinal <= lasts[index]);
  };
  const ranges = await keepPieces(context, pieces, isInFile, (key) => present.has(key));
  return {
    isMissing(area, key, ordinal, stream) {
      const isIn = (range: StreamRange): boolean =>
        ordinal >= range.first && ordinal <= range.last && range.stream === stream();
      if (ranges.get(key)?.some(isIn)) return false;
      return !isInFile(area, key, ordinal, stream);
    },
    missingFrom(area, key) {
      if (present.has(key)) return ORDINAL_MAX + 1n;
      let last = -1n;
      for (const { counted } of area.files)
        if (counted && counted.lastOrdinal > last) last = counted.lastOrdinal;
      for (const range of ranges.get(key) ?? []) if (range.last > last) last = range.last;
      return last + 1n;
    },
  };
}

/** What is sound in runs, by `graveKey`; their areas are touched. */
function findPieces({ table, runs, damaged, onDamaged }: RecoveryContext, survey: LogSurvey): FoundPieces {
  const pieces = new Map<string, FoundPiece[]>();
  for (const run of runs.runs) {
    for (const piece of run.directory.pieces()) {
      const key = graveKey(piece.area, piece.jobId);
      if (run.position <= table.bornOf(piece.jobId, piece.area)) continue;
      const area = table.area(piece.jobId, piece.area);
      if (piece.lastOrdinal >= area.nextOrdinal) area.nextOrdinal = piece.lastOrdinal + 1n;
      const broken = damaged.get(run)?.get(piece.index);
      if (broken) {
        onDamaged(broken);
        continue;
      }
      touch(survey.touched, piece.jobId, piece.area, piece.firstOrdinal, piece.lastOrdinal + 1n);
      const found = pieces.get(key);
      if (found) found.push({ run, piece });
      else pieces.set(key, [{ run, piece }]);
    }
  }
  return pieces;
}

/** Looks at the files of all touched areas. The ordinals that are in those which are in no state that this store leaves behind. */
async function inspectAreas(
  context: RecoveryContext,
  survey: LogSurvey,
): Promise<Map<string, ReadonlySet<bigint>>> {
  const { table } = context;
  const present = new Map<string, ReadonlySet<bigint>>();
  const parents = new Set<string>();
  const toMark: { file: DataFile }[] = [];
  const withFolder = [...survey.touched.values()].filter(({ jobId, name }) => {
    if (context.hasFolder(jobId, name)) return true;
    table.area(jobId, name).isChecked = true;
    return false;
  });
  await eachLimited(withFolder, FILES_AT_ONCE, async (touched) => {
    const { jobId, name } = touched;
    const area = table.area(jobId, name);
    if (context.isUncarried(jobId, name)) return;
    try {
      const entries = table.layout.entriesSync(name, jobId);
      findRotated(table, jobId, name, area, entries);
      const isSound = await inspectArea(context, { ...touched, entries }, area, parents, toMark);
      area.isChecked = true;
      if (isSound) return;
      for (const file of area.files) file.counted = file.synced = undefined;
      present.set(graveKey(name, jobId), await context.readOrdinals(jobId, name, touched.first));
    } catch (error) {
      // All others go on. What the log has of it is kept beside its files.
      context.onUnread(jobId, name, leaveUnread(area, error));
    }
  });
  for (const parent of parents) await syncDirectory(parent);
  for (const { file } of toMark) file.synced = file.counted;
  return present;
}

/** Rethrows what the system has not said. */
function leaveUnread(area: Area, error: unknown): Error {
  if (!(error instanceof Error) || (errorCode(error) === undefined && !(error instanceof StorageError)))
    throw error;
  for (const file of area.files) file.counted = file.synced = undefined;
  area.pausedUntil = Infinity;
  area.unread = error;
  return error;
}

/** False when the files are in no state that this store leaves behind: then a reader has to find out what they have. */
async function inspectArea(
  { table, compression, hasHoles, indexes }: RecoveryContext,
  touched: TouchedArea & { readonly entries: readonly string[] },
  area: Area,
  parents: Set<string>,
  toMark: { file: DataFile }[],
): Promise<boolean> {
  for (const file of area.files) {
    const path = table.layout.path({ area: touched.name, jobId: touched.jobId, fileName: file.fileName });
    const recorded = file.synced ?? followed(area, file);
    const isThere = touched.entries.includes(file.fileName);
    const size = (isThere && statsOf(path)?.size) || 0;
    if (recorded && size === recorded.length) {
      file.counted = file.synced = recorded;
      const isLogged = size > 0 && touched.first <= recorded.lastOrdinal;
      if (isLogged && !(await isSoundFrom(indexes, { ...touched, path, stream: file.stream }, recorded)))
        return false;
      continue;
    }
    const tail = await readFileTail(path, recorded ?? NO_FACTS, file.synced ? 0n : touched.first);
    const { facts } = tail;
    // What was appended since the last sync is in the log, which is trimmed only behind a sync.
    const isBehindRecorded = recorded !== undefined && facts.lastOrdinal >= recorded.lastOrdinal && !hasHoles;
    const isInLog = touched.isContiguous && touched.first <= facts.lastOrdinal + 1n;
    if (!tail.isWhole && !isBehindRecorded && !isInLog) return false;
    file.counted = facts;
    file.synced = facts;
    file.hasRest = !tail.isWhole;
    if (file.hasRest && isPlainFile(path) === compression[touched.name]) {
      await cutFile(path, facts.length);
      file.hasRest = false;
    }
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

/** Whether the members that have rows from `first` on are as they were written. */
async function isSoundFrom(
  indexes: BlockIndexes,
  file: IndexedFile & Pick<TouchedArea, 'first'>,
  facts: FileFacts,
): Promise<boolean> {
  // Rows of plain files have no checksums.
  if (isPlainFile(file.path)) return true;
  const start = await startOf(indexes, file, facts.length);
  const tail = await readFileTail(file.path, start, file.first);
  return tail.isWhole && tail.facts.lastOrdinal === facts.lastOrdinal;
}

/** Of the file up to the first member that has a row from `first` on; of nothing when it is small, or has no index. */
async function startOf(
  indexes: BlockIndexes,
  file: IndexedFile & Pick<TouchedArea, 'first'>,
  size: number,
): Promise<FileFacts> {
  if (size < INDEXED_START_BYTES) return NO_FACTS;
  const data = FileSnapshot.openSync(file.path, size);
  if (!(data instanceof FileSnapshot)) return NO_FACTS;
  try {
    const index = await indexes.open(file, data);
    let block = 0;
    while (index && block < index.length && index.lastOrdinal(block) < file.first) block++;
    if (!index || block === 0) return NO_FACTS;
    const lastOrdinal = index.lastOrdinal(block - 1);
    return {
      ...NO_FACTS,
      length: index.offset(block - 1) + index.byteLength(block - 1),
      rows: 1n,
      lastOrdinal,
    };
  } finally {
    await data.close();
  }
}

async function cutFile(path: string, length: number): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.truncate(length);
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

type FoundPieces = ReadonlyMap<string, readonly FoundPiece[]>;

interface FoundPiece {
  readonly run: Run;
  readonly piece: RunPiece;
}

/** Ordinals of one stream; all rows that the stream has between them are meant. */
interface StreamRange {
  readonly stream: number;
  readonly first: bigint;
  readonly last: bigint;
}

type IsInFile = (area: Area, key: string, ordinal: bigint, stream: () => number) => boolean;

/** A file that follows rotated ones begins behind them. */
function followed({ files }: Area, { stream, number }: DataFile): FileFacts | undefined {
  if (number > 0) return undefined;
  const rotated = files.filter((file) => file.number > 0 && file.stream === stream);
  if (rotated.length === 0 || rotated.some(({ counted }) => !counted)) return undefined;
  const lasts = rotated.map(({ counted }) => counted?.lastOrdinal ?? -1n);
  return { ...NO_FACTS, lastOrdinal: lasts.reduce((one, other) => (one > other ? one : other)) };
}

/**
 * Pieces that are in no file are parts again; of those that are in part, or that overlap (after a failed sync a run has rows that
 * others have too), what is missing goes to a run of its own, in order. Resolves to what the runs have, by `graveKey`.
 */
async function keepPieces(
  { table, runs }: RecoveryContext,
  pieces: FoundPieces,
  isInFile: IsInFile,
  isIrregular: (key: string) => boolean,
): Promise<Map<string, StreamRange[]>> {
  const ranges = new Map<string, StreamRange[]>();
  const made: { area: Area; job: Job; at: number; piece: NewPiece }[] = [];
  for (const [key, found] of pieces) {
    const own: StreamRange[] = [];
    ranges.set(key, own);
    for (const group of overlapping(found)) {
      const [{ run, piece }] = group;
      const { jobId, area: name } = piece;
      const job = table.job(jobId);
      const area = table.area(jobId, name);
      const isThere = piece.totals.flatMap(({ stream, firstOrdinal, lastOrdinal }) =>
        [firstOrdinal, lastOrdinal].map((ordinal) => isInFile(area, key, ordinal, () => stream)),
      );
      const isRegular = group.length === 1 && !isIrregular(key);
      if (isRegular && isThere.every((is) => is)) continue;
      if (isRegular && !isThere.some((is) => is)) {
        area.parts.push({ kind: 'run', run, index: piece.index });
        run.live++;
        table.pending.set(area, { job, name });
        own.push(...rangesOf(piece.totals));
        continue;
      }
      const all = joinRows(await Promise.all(group.map((one) => one.run.load(one.piece.index))));
      const rows = inOrder(
        all,
        (row) => !isInFile(area, key, all.ordinals[row], () => rowStream(name, all, row)),
      );
      if (rows.starts.length === 0) continue;
      own.push(...rangesOf(totalsOf(name, rows)));
      made.push({ area, job, at: area.parts.length, piece: { jobId, area: name, rows } });
    }
  }
  if (made.length === 0) return ranges;
  const position = runs.runs.reduce((last, run) => (run.position > last ? run.position : last), 0n);
  const run = await runs.write(
    made.map(({ piece }) => piece),
    position,
  );
  // From the back, so that the places in front stay.
  for (let index = made.length - 1; index >= 0; index--) {
    const { area, job, at, piece } = made[index];
    area.parts.splice(at, 0, { kind: 'run', run, index });
    run.live++;
    table.pending.set(area, { job, name: piece.area });
  }
  return ranges;
}

/** In the order of their ordinals; those that overlap are together. */
function overlapping(found: readonly FoundPiece[]): FoundPiece[][] {
  const groups: FoundPiece[][] = [];
  let last = -1n;
  for (const one of [...found].sort((a, b) => (a.piece.firstOrdinal < b.piece.firstOrdinal ? -1 : 1))) {
    if (groups.length > 0 && one.piece.firstOrdinal <= last) groups[groups.length - 1].push(one);
    else groups.push([one]);
    if (one.piece.lastOrdinal > last) last = one.piece.lastOrdinal;
  }
  return groups;
}

function rangesOf(totals: readonly RowTotals[]): StreamRange[] {
  return totals.map(({ stream, firstOrdinal: first, lastOrdinal: last }) => ({ stream, first, last }));
}
