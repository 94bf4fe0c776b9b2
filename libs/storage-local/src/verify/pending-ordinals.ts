import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectWal } from '@joblet/wal';
import { olderJobIndex, readJobIndex } from '../engine/job-index.js';
import { JobTable } from '../engine/job-table.js';
import { decodeEntries, type AreaName, type LogEntry } from '../engine/log-entry.js';
import type { RunPiece } from '../engine/run-directory.js';
import { readRun, Run, runNumber } from '../engine/runs.js';
import { readStoreId, storeIdOf } from '../engine/store-id.js';
import { isMissing } from '../errors.js';
import { JOB_INDEX_FILE, LOG_DIRECTORY, RUNS_DIRECTORY, STORE_ID_FILE } from '../format/file-names.js';
import type { Layout } from '../format/layout.js';
import type { OrdinalRun } from './ordinal-holes.js';
import type { LogReport, Problem, RunReport } from './verify-report.js';

/** The ordinals of the rows in runs and log, whether they are in their files as well or not. */
export class PendingOrdinals {
  private readonly areas = new Map<string, OrdinalRun[]>();
  private readonly jobs = new Set<string>();

  get jobIds(): Iterable<string> {
    return this.jobs;
  }

  /** Ascending; they may overlap. */
  of(jobId: string, area: AreaName): readonly OrdinalRun[] {
    const runs = this.areas.get(`${area}/${jobId}`) ?? [];
    return runs.sort((one, other) => (one.first < other.first ? -1 : 1));
  }

  add(jobId: string, area: AreaName, first: bigint, last: bigint): void {
    const key = `${area}/${jobId}`;
    const runs = this.areas.get(key) ?? [];
    const newest = runs.at(-1);
    if (newest?.last === first - 1n) runs[runs.length - 1] = { first: newest.first, last };
    else runs.push({ first, last });
    this.areas.set(key, runs);
    this.jobs.add(jobId);
  }

  delete(jobId: string, area: AreaName): void {
    this.areas.delete(`${area}/${jobId}`);
  }
}

export interface Pending {
  readonly ordinals: PendingOrdinals;
  readonly logs: readonly LogReport[];
  readonly runs: readonly RunReport[];
}

/** Reads log and runs, and changes nothing. Runs come first: what a run has, the log may have lost since. */
export async function readPending(baseDirectory: string, layout: Layout): Promise<Pending> {
  const ordinals = new PendingOrdinals();
  const runs: RunReport[] = [];
  const logs: LogReport[] = [];
  const runsDirectory = join(baseDirectory, RUNS_DIRECTORY);
  const names = await readdir(runsDirectory).catch(noneIfMissing);
  const paths = names
    .filter((name) => runNumber(name) !== undefined)
    .map((name) => join(runsDirectory, name));
  const storeId = await expectedStoreId(baseDirectory, layout, paths);
  for (const path of paths) {
    const report = await checkRun(path, storeId, ordinals);
    if (report) runs.push(report);
  }
  const logDirectory = join(baseDirectory, LOG_DIRECTORY);
  if ((await readdir(logDirectory).catch(noneIfMissing)).length > 0) {
    logs.push(await checkLog(logDirectory, await replayedFrom(baseDirectory, layout), ordinals));
  }
  return { ordinals, logs, runs };
}

/** As a start finds it. Undefined: nothing tells, since no run is sound. */
async function expectedStoreId(
  baseDirectory: string,
  layout: Layout,
  paths: readonly string[],
): Promise<string | undefined> {
  const known = await readStoreId(join(baseDirectory, STORE_ID_FILE));
  if (known !== undefined) return known;
  const table = new JobTable(layout);
  const position = await readJobIndex(join(baseDirectory, JOB_INDEX_FILE), table);
  const runs: Run[] = [];
  for (const path of paths) {
    const run = await readRun(path).catch(undefinedIfMissing);
    if (run instanceof Run) runs.push(run);
  }
  return storeIdOf(runs, typeof position === 'string' ? new Set() : table.runs);
}

/** Undefined when it has been removed meanwhile. */
async function checkRun(
  path: string,
  storeId: string | undefined,
  ordinals: PendingOrdinals,
): Promise<RunReport | undefined> {
  const run = await readRun(path, storeId).catch(undefinedIfMissing);
  if (run === undefined) return undefined;
  const isForeign = typeof run !== 'string' && storeId !== undefined && run.directory.storeId !== storeId;
  if (typeof run === 'string' || isForeign) {
    const problem = typeof run === 'string' ? run : `it is of another store: ${run.directory.storeId}`;
    return { kind: 'run', path, pieces: 0, rows: 0, problems: [{ path, problem }] };
  }
  let rows = 0;
  const problems: Problem[] = run.damage === undefined ? [] : [{ path, problem: run.damage }];
  try {
    for (const piece of run.directory.pieces()) {
      const problem = await run.load(piece.index).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (isMissing(problem)) return undefined;
      if (problem === undefined) {
        rows += piece.rows;
        addPiece(piece, ordinals);
      } else problems.push({ path, problem: problem instanceof Error ? problem.message : String(problem) });
    }
  } finally {
    await run.closeHandle();
  }
  return { kind: 'run', path, pieces: run.directory.length, rows, problems };
}

function addPiece({ jobId, area, firstOrdinal, lastOrdinal }: RunPiece, ordinals: PendingOrdinals): void {
  ordinals.add(jobId, area, firstOrdinal, lastOrdinal);
}

/** Where a start begins to read the log: rows of before are taken from runs and files alone. */
async function replayedFrom(baseDirectory: string, layout: Layout): Promise<bigint> {
  const path = join(baseDirectory, JOB_INDEX_FILE);
  for (const generation of [path, olderJobIndex(path)]) {
    const position = await readJobIndex(generation, new JobTable(layout));
    if (typeof position === 'bigint') return position;
  }
  return 0n;
}

async function checkLog(path: string, from: bigint, ordinals: PendingOrdinals): Promise<LogReport> {
  let segments = 0;
  let records = 0;
  let rows = 0;
  let bytes = 0;
  const problems: Problem[] = [];
  const notes: string[] = [];
  const onEvent = (event: { readonly type: string; readonly path: string }): void => {
    problems.push({ path: event.path, problem: 'it is no segment of this log' });
  };
  for await (const item of inspectWal({ directory: path, onEvent })) {
    if (item.kind === 'segment') {
      segments++;
      bytes += item.bytes;
    } else if (item.kind === 'hole') {
      problems.push({ path, problem: `positions ${item.from} to ${item.to} are lost: ${item.reason}` });
    } else if (item.kind === 'tail') {
      notes.push(`${item.path} ends with ${item.bytes} bytes of a write that has not ended`);
    } else {
      records++;
      const entries = decodeEntries(item.payload);
      if (!entries)
        problems.push({ path, problem: `the record at position ${item.position} is none of this store` });
      else if (item.position >= from) for (const entry of entries) rows += addEntry(entry, ordinals);
    }
  }
  return { kind: 'log', path, segments, records, rows, bytes, problems, notes };
}

/** Rows that it brought. */
function addEntry(entry: LogEntry, ordinals: PendingOrdinals): number {
  if (entry.type === 'delete') {
    for (const { area } of entry.areas) ordinals.delete(entry.jobId, area);
  }
  if (entry.type !== 'batch') return 0;
  const { jobIds, jobOfRow } = entry.table;
  const counts = new Array<number>(jobIds.length).fill(0);
  for (const job of jobOfRow) counts[job]++;
  for (const [job, count] of counts.entries()) {
    const first = entry.firstOrdinals[job];
    if (count > 0) ordinals.add(jobIds[job], entry.kind, first, first + BigInt(count) - 1n);
  }
  return jobOfRow.length;
}

function undefinedIfMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
}

function noneIfMissing(error: unknown): [] {
  if (isMissing(error)) return [];
  throw error;
}
