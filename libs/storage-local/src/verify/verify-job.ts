import type { IndexedFile } from '../block-index/block-index.js';
import type { AreaName } from '../engine/log-entry.js';
import type { LostRows } from '../engine/job-table.js';
import { dataFilesIn, FILES, type Layout } from '../format/layout.js';
import type { FileSnapshot } from '../read/file-snapshot.js';
import { PROBLEMS_NAMED_MAX } from '../limits.js';
import { checkIndex, readIndex, type IndexBytes, type IndexCheck } from './check-index.js';
import { dataBlocks } from './file-blocks.js';
import { ordinalHoles, runsOf, type OrdinalRun } from './ordinal-holes.js';
import { namesIn, openFile, problemOf } from './path-problems.js';
import type { PendingOrdinals } from './pending-ordinals.js';
import { removedRowsIn, type RemovedRows } from './removed-rows.js';
import type { FileReport, JobReport, Problem } from './verify-report.js';

/** Told of bytes that have been looked at. */
export type OnBytes = (bytes: number) => void;

/** A data file while it is walked. */
interface Walk {
  readonly file: IndexedFile;
  readonly data: FileSnapshot;
  readonly index: IndexBytes | IndexCheck | undefined;
  blocks: number;
  rows: number;
  contentBytes: bigint;
  /** It cannot be read to its end, which is told. */
  isCut: boolean;
}

/** What is being found out about a job. */
interface Findings {
  readonly files: FileReport[];
  readonly problems: Problem[];
  readonly notes: string[];
  missingRows: bigint;
  gaps: number;
}

/** Reads all files of a job. Changes nothing; beside an owner that writes, what it finds may be over a moment later. */
export async function verifyJob(
  jobId: string,
  layout: Layout,
  pending: PendingOrdinals,
  onBytes: OnBytes,
): Promise<JobReport> {
  const findings: Findings = { files: [], problems: [], notes: [], missingRows: 0n, gaps: 0 };
  for (const area of ['logs', 'metrics'] as const)
    await verifyArea(area, jobId, layout, pending, findings, onBytes);
  const { files, missingRows, gaps, notes } = findings;
  const problems = findings.problems.slice(0, PROBLEMS_NAMED_MAX);
  const more = findings.problems.length - problems.length;
  if (more > 0) problems.push({ path: problems[0].path, problem: `and ${more} more` });
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  return { kind: 'job', jobId, files, rows, missingRows, gaps, problems, notes };
}

async function verifyArea(
  area: AreaName,
  jobId: string,
  layout: Layout,
  pending: PendingOrdinals,
  findings: Findings,
  onBytes: OnBytes,
): Promise<void> {
  const folder = layout.path({ area, jobId, fileName: '' });
  const names = (await namesIn(folder)) ?? [];
  if (typeof names === 'string') return void findings.problems.push({ path: folder, problem: names });
  const removed = await removedRowsIn(folder, area, names);
  findings.problems.push(...removed.problems);
  const walks: Walk[] = [];
  try {
    for (const file of filesIn(area, jobId, layout, names, removed))
      walks.push(...(await openWalk(file, findings)));
    const unread = pending.of(jobId, area);
    const rows = [
      ...walks.map((walk) => walkFile(walk, unread, findings, onBytes)),
      ...[unread, pending.ends(jobId, area)].map(inOnePiece),
    ];
    const before = findings.notes.length;
    const holes: OrdinalRun[] = [];
    for await (const hole of ordinalHoles(rows)) holes.push(hole);
    const isNumbered = !findings.notes.slice(before).some(isUnnumbered);
    const lost = [...removed.lost.values()];
    for (const { rows, reason } of lost) findings.notes.push(`${folder}: ${rows} rows are gone, ${reason}`);
    if (isNumbered) addHoles(folder, withoutLost(holes, lost), findings);
    for (const walk of walks) findings.files.push(await verifyIndex(walk, findings));
  } finally {
    for (const { data } of walks) await data.close();
  }
}

function filesIn(
  area: AreaName,
  jobId: string,
  layout: Layout,
  names: readonly string[],
  { lost }: RemovedRows,
): IndexedFile[] {
  const rotated = dataFilesIn(area, names).filter(
    ({ stream, number }) => number > (lost.get(stream)?.upTo ?? 0),
  );
  return [...rotated, ...FILES[area]].map(({ fileName, stream }) => ({
    path: layout.path({ area, jobId, fileName }),
    jobId,
    stream,
  }));
}

/** None when there is no such file, or it cannot be read. The index comes first: it is never ahead of the data then. */
async function openWalk(file: IndexedFile, { problems }: Findings): Promise<Walk[]> {
  const { path } = file;
  const index = await readIndex(path);
  const data = openFile(path);
  if (typeof data === 'string') problems.push({ path, problem: data });
  return typeof data === 'object'
    ? [{ file, data, index, blocks: 0, rows: 0, contentBytes: 0n, isCut: false }]
    : [];
}

async function verifyIndex(walk: Walk, { problems }: Findings): Promise<FileReport> {
  const { file, data, blocks, rows, contentBytes, isCut } = walk;
  const { path, stream } = file;
  const report = { path, stream, bytes: data.size, blocks, rows, contentBytes };
  if (isCut) return { ...report, index: 'none' };
  try {
    const { problem, path: own = path, index } = await checkIndex(file, data.another(), walk.index);
    if (problem !== undefined) problems.push({ path: own, problem, ofIndex: true });
    return { ...report, index };
  } catch (error) {
    problems.push({ path, problem: problemOf(error) });
    return { ...report, index: 'none' };
  }
}

/** The holes that lost rows have not made: as many ordinals as there are lost rows, up to the last of them. */
function withoutLost(holes: readonly OrdinalRun[], lost: readonly LostRows[]): OrdinalRun[] {
  let left = lost.reduce((sum, { rows }) => sum + rows, 0n);
  const upTo = lost.reduce((last, { lastOrdinal }) => (lastOrdinal > last ? lastOrdinal : last), -1n);
  const rest: OrdinalRun[] = [];
  for (const { first, last } of holes) {
    const reach = last < upTo ? last : upTo;
    const found = reach < first ? 0n : reach - first + 1n;
    const explained = found < left ? found : left;
    left -= explained;
    if (first + explained <= last) rest.push({ first: first + explained, last });
  }
  return rest;
}

const UNNUMBERED = 'has rows without numbers: what is missing cannot be told';

function isUnnumbered(note: string): boolean {
  return note.endsWith(UNNUMBERED);
}

function addHoles(path: string, holes: readonly OrdinalRun[], findings: Findings): void {
  for (const { first, last } of holes) {
    findings.gaps++;
    findings.missingRows += last - first + 1n;
    findings.problems.push({
      path,
      problem: `rows ${first} to ${last} are missing`,
      missingRows: last - first + 1n,
    });
  }
}

/** As `walkBlocks`; a file that cannot be read to its end has the blocks up to there. */
async function* walkFile(
  walk: Walk,
  pending: readonly OrdinalRun[],
  findings: Findings,
  onBytes: OnBytes,
): AsyncGenerator<readonly OrdinalRun[]> {
  try {
    yield* walkBlocks(walk, pending, findings, onBytes);
  } catch (error) {
    walk.isCut = true;
    findings.problems.push({ path: walk.file.path, problem: problemOf(error) });
  }
}

/** Tells what is wrong with the blocks of a file, and gives the ordinals of those that are right. */
async function* walkBlocks(
  walk: Walk,
  pending: readonly OrdinalRun[],
  findings: Findings,
  onBytes: OnBytes,
): AsyncGenerator<readonly OrdinalRun[]> {
  const { path } = walk.file;
  let isNumbered = true;
  const numbers = new FileNumbers();
  for await (const block of dataBlocks(walk.data)) {
    const { offset, length, problem, ordinals } = block;
    const rows = block.rows ?? 0;
    onBytes(length);
    walk.blocks++;
    if (problem !== undefined) {
      const place = `bytes ${offset} to ${offset + length}: ${problem}`;
      // Rows that are still in the log are not lost: a crash, or the owner at this moment, has left their block half written.
      if (isElsewhere(block, pending, walk.data.size))
        findings.notes.push(`${path}, ${place}; its rows are in the log`);
      else findings.problems.push({ path, problem: place });
      continue;
    }
    const run = ordinals && { first: ordinals[0], last: ordinals[ordinals.length - 1] };
    // A member that somebody has put there again: readers take one of the two.
    if (run && !numbers.add(run)) {
      const problem = `bytes ${offset} to ${offset + length}: rows ${run.first} to ${run.last} are in the file already`;
      findings.problems.push({ path, problem });
      continue;
    }
    walk.rows += rows;
    walk.contentBytes += block.contentBytes ?? 0n;
    if (ordinals) yield runsOf(ordinals);
    else if (rows > 0) isNumbered = false;
  }
  if (!isNumbered) findings.notes.push(`${path} ${UNNUMBERED}`);
}

/** From where to where the ordinals of a file's members go. They ascend, but for what was brought back behind others. */
class FileNumbers {
  private readonly seen: OrdinalRun[] = [];
  private highest = -1n;

  /** False, and not added, when it overlaps one that is there. */
  add(run: OrdinalRun): boolean {
    const isThere = ({ first, last }: OrdinalRun): boolean => first <= run.last && run.first <= last;
    if (run.first <= this.highest && this.seen.some(isThere)) return false;
    this.seen.push(run);
    if (run.last > this.highest) this.highest = run.last;
    return true;
  }
}

function isElsewhere(
  {
    offset,
    length,
    firstOrdinal,
    lastOrdinal,
  }: Readonly<Record<'offset' | 'length', number>> & {
    readonly firstOrdinal?: bigint;
    readonly lastOrdinal?: bigint;
  },
  pending: readonly OrdinalRun[],
  size: number,
): boolean {
  if (firstOrdinal === undefined || lastOrdinal === undefined) {
    return offset + length === size && pending.length > 0;
  }
  return pending.some(({ first, last }) => first <= firstOrdinal && lastOrdinal <= last);
}

async function* inOnePiece(runs: readonly OrdinalRun[]): AsyncGenerator<readonly OrdinalRun[]> {
  yield runs;
}
