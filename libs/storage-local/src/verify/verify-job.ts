import type { IndexedFile } from '../block-index/block-index.js';
import type { AreaName } from '../engine/log-entry.js';
import { readLostRows } from '../engine/lost-rows.js';
import type { LostRows } from '../engine/job-table.js';
import { dataFilesIn, FILES, type Layout } from '../format/layout.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { PROBLEMS_NAMED_MAX } from '../limits.js';
import { checkIndex, readIndex, type IndexBytes } from './check-index.js';
import { dataBlocks } from './file-blocks.js';
import { ordinalHoles, runsOf, type OrdinalRun } from './ordinal-holes.js';
import type { PendingOrdinals } from './pending-ordinals.js';
import type { FileReport, JobReport, Problem } from './verify-report.js';

/** Told of bytes that have been looked at. */
export type OnBytes = (bytes: number) => void;

/** A data file while it is walked. */
interface Walk {
  readonly file: IndexedFile;
  readonly data: FileSnapshot;
  readonly index: IndexBytes | undefined;
  blocks: number;
  rows: number;
  contentBytes: bigint;
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
  const walks: Walk[] = [];
  try {
    const lost = lostRowsOf(area, jobId, layout);
    const rotated = dataFilesIn(area, layout.entriesSync(area, jobId)).filter(
      ({ stream, number }) => number > (lost.get(stream)?.upTo ?? 0),
    );
    for (const { fileName, stream } of [...rotated, ...FILES[area]]) {
      const path = layout.path({ area, jobId, fileName });
      const index = await readIndex(path);
      const data = FileSnapshot.openSync(path, undefined);
      if (typeof data === 'string')
        findings.problems.push({ path, problem: `found ${data}, expected a file` });
      else if (data) {
        const file = { path, jobId, stream };
        walks.push({ file, data, index, blocks: 0, rows: 0, contentBytes: 0n });
      }
    }
    const unread = pending.of(jobId, area);
    const sources = walks.map((walk) => walkFile(walk, unread, findings, onBytes));
    const before = findings.notes.length;
    const holes: OrdinalRun[] = [];
    for await (const hole of ordinalHoles([...sources, inOnePiece(unread)])) holes.push(hole);
    for (const { rows, reason } of lost.values())
      findings.notes.push(`${layout.path({ area, jobId, fileName: '' })}: ${rows} rows are gone, ${reason}`);
    const isNumbered = findings.notes.length === before || !findings.notes.slice(before).some(isUnnumbered);
    if (isNumbered) addHoles(area, jobId, withoutLost(holes, [...lost.values()]), layout, findings);
    for (const { file, data, index, blocks, rows, contentBytes } of walks) {
      const { problem, index: state } = await checkIndex(file, data.another(), index);
      if (problem !== undefined) findings.problems.push({ path: file.path, problem, ofIndex: true });
      const { path, stream } = file;
      findings.files.push({ path, stream, bytes: data.size, blocks, rows, contentBytes, index: state });
    }
  } finally {
    for (const { data } of walks) await data.close();
  }
}

/** By stream: what was taken away on purpose. */
export function lostRowsOf(area: AreaName, jobId: string, layout: Layout): Map<number, LostRows> {
  const directory = layout.path({ area, jobId, fileName: '' });
  const lost = new Map<number, LostRows>();
  for (const stream of new Set<number>(FILES[area].map((file) => file.stream))) {
    const rows = readLostRows(directory, area, stream);
    if (rows) lost.set(stream, rows);
  }
  return lost;
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

function addHoles(
  area: AreaName,
  jobId: string,
  holes: readonly OrdinalRun[],
  layout: Layout,
  findings: Findings,
): void {
  const path = layout.path({ area, jobId, fileName: '' });
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

/** Tells what is wrong with the blocks of a file, and gives the ordinals of those that are right. */
async function* walkFile(
  walk: Walk,
  pending: readonly OrdinalRun[],
  findings: Findings,
  onBytes: OnBytes,
): AsyncGenerator<readonly OrdinalRun[]> {
  const { path } = walk.file;
  let isNumbered = true;
  for await (const block of dataBlocks(walk.data)) {
    const { offset, length, problem, ordinals } = block;
    const rows = block.rows ?? 0;
    onBytes(length);
    walk.blocks++;
    walk.rows += rows;
    walk.contentBytes += block.contentBytes ?? 0n;
    if (problem !== undefined) {
      const place = `bytes ${offset} to ${offset + length}: ${problem}`;
      // Rows that are still in the log are not lost: a crash, or the owner at this moment, has left their block half written.
      if (isElsewhere(block, pending, walk.data.size))
        findings.notes.push(`${path}, ${place}; its rows are in the log`);
      else findings.problems.push({ path, problem: place });
      continue;
    }
    if (ordinals) yield runsOf(ordinals);
    else if (rows > 0) isNumbered = false;
  }
  if (!isNumbered) findings.notes.push(`${path} ${UNNUMBERED}`);
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
