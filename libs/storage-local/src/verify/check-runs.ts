import { join } from 'node:path';
import { readRun, Run, runNumber } from '../engine/runs.js';
import { readStoreId, storeIdOf } from '../engine/store-id.js';
import { isMissing } from '../errors.js';
import { RUNS_DIRECTORY, STORE_ID_FILE } from '../format/file-names.js';
import type { Layout } from '../format/layout.js';
import { fileProblem, isThere, namesIn, problemOf } from './path-problems.js';
import type { PendingOrdinals } from './pending-ordinals.js';
import { readRecorded, type Recorded } from './recorded.js';
import type { Problem, RunReport } from './verify-report.js';

const MISSING = 'what is not in the log or in files is missing';

/** The runs that are there, and those that are not and have to be. Adds their rows. */
export async function checkRuns(
  baseDirectory: string,
  layout: Layout,
  recorded: Recorded,
  ordinals: PendingOrdinals,
): Promise<RunReport[]> {
  const directory = join(baseDirectory, RUNS_DIRECTORY);
  const reports: RunReport[] = [];
  for (const path of await missingRuns(directory, recorded, () => readRecorded(baseDirectory, layout)))
    reports.push(damagedRun(path, `it is gone; ${MISSING}`));
  const names = await namesIn(directory);
  const paths = (Array.isArray(names) ? names : [])
    .filter((name) => runNumber(name) !== undefined)
    .map((name) => join(directory, name));
  const storeId = await expectedStoreId(baseDirectory, recorded, paths);
  for (const path of paths) {
    const report = await checkRun(path, storeId, recorded, ordinals);
    if (report) reports.push(report);
  }
  return reports;
}

/** As a start finds it. Undefined: nothing tells, since no run is sound. */
async function expectedStoreId(
  baseDirectory: string,
  { table }: Recorded,
  paths: readonly string[],
): Promise<string | undefined> {
  const known = await readStoreId(join(baseDirectory, STORE_ID_FILE));
  if (known !== undefined) return known;
  const runs: Run[] = [];
  for (const path of paths) {
    // What is wrong with it is told later.
    const run = (await fileProblem(path)) ?? (await readRun(path).catch(problemOf));
    if (run instanceof Run) runs.push(run);
  }
  return storeIdOf(runs, table.runs);
}

/** The owner removes a run when no job index names it any more: what is gone, and named still, is missing. */
async function missingRuns(
  directory: string,
  { table }: Recorded,
  reread: () => Promise<Recorded>,
): Promise<string[]> {
  const pathOf = (run: number): string => join(directory, `${run}.run`);
  const gone = [...table.runs].filter((run) => !isThere(pathOf(run)));
  if (gone.length === 0) return [];
  const { runs } = (await reread()).table;
  return gone.filter((run) => runs.has(run)).map(pathOf);
}

/** Undefined when it has been removed meanwhile. */
async function checkRun(
  path: string,
  storeId: string | undefined,
  recorded: Recorded,
  ordinals: PendingOrdinals,
): Promise<RunReport | undefined> {
  const wrong = await fileProblem(path);
  if (wrong !== undefined) return damagedRun(path, wrong);
  let run: Run | string;
  try {
    run = await readRun(path, storeId);
  } catch (error) {
    return isMissing(error) ? undefined : damagedRun(path, problemOf(error));
  }
  if (typeof run === 'string') return damagedRun(path, run);
  const { directory, number } = run;
  if (storeId === undefined || directory.storeId === storeId) return checkPieces(run, recorded, ordinals);
  const own = recorded.table.runs.has(number) ? `; the store's own one is gone; ${MISSING}` : '';
  return damagedRun(path, `it is of another store: ${directory.storeId}${own}`);
}

async function checkPieces(
  run: Run,
  { table }: Recorded,
  ordinals: PendingOrdinals,
): Promise<RunReport | undefined> {
  const { path, directory, damage } = run;
  let rows = 0;
  const problems: Problem[] = damage === undefined ? [] : [{ path, problem: damage }];
  try {
    for (const { index, jobId, area, rows: own, firstOrdinal, lastOrdinal } of directory.pieces()) {
      try {
        await run.load(index);
      } catch (error) {
        if (!isThere(path)) return undefined;
        problems.push({ path, problem: problemOf(error) });
        continue;
      }
      rows += own;
      // Rows of before the job was deleted count no more.
      if (run.position > table.bornOf(jobId, area)) ordinals.add(jobId, area, firstOrdinal, lastOrdinal);
    }
  } finally {
    await run.closeHandle();
  }
  return { kind: 'run', path, pieces: directory.length, rows, problems };
}

function damagedRun(path: string, problem: string): RunReport {
  return { kind: 'run', path, pieces: 0, rows: 0, problems: [{ path, problem }] };
}
