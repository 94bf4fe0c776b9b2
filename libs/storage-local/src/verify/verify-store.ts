import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkJobId, StorageError } from '@joblet/storage';
import { ownDirectories } from '../disk/own-directories.js';
import { AREAS } from '../engine/job-table.js';
import { toStorageError } from '../errors.js';
import { OWN_DIRECTORY } from '../format/file-names.js';
import { Layout } from '../format/layout.js';
import { JOBS_VERIFIED_TOGETHER, PROBLEMS_NAMED_MAX } from '../limits.js';
import { areaOrphans, jobOrphans, ownOrphans, type Orphan } from './orphans.js';
import { removePath } from './path-problems.js';
import { readPending, type Pending, type StorePaths } from './read-pending.js';
import { repairIndexes } from './repair-indexes.js';
import { sharedProblems } from './shared-problems.js';
import { verifyJob, type OnBytes } from './verify-job.js';
import type {
  JobReport,
  LogReport,
  OrphanReport,
  RunReport,
  StoreReport,
  TotalReport,
  VerifyReport,
} from './verify-report.js';

export interface VerifyOptions {
  readonly baseDirectory: string;
  /** Default: `logs` in the base directory. */
  readonly logsDirectory?: string;
  /** Default: `metrics` in the base directory. */
  readonly metricsDirectory?: string;
  /** Only these jobs, and no orphans but theirs. Default: all. */
  readonly jobIds?: readonly string[];
  /** Removes what belongs to nothing, and makes wrong indexes anew; rows stay as they are. Only while nobody has the store open. */
  readonly repair?: boolean;
  /** Told of the bytes of files that have been looked at, again and again. */
  readonly onBytes?: OnBytes;
}

type Tally = { -readonly [Key in keyof TotalReport]: TotalReport[Key] };

/**
 * Looks at all that a local store has on the disk: the log, every checksum of every block, every index against its blocks, the
 * numbers of the rows, and what belongs to nothing. Without `repair` it changes nothing and runs beside the owner. Rejects with
 * StorageError: INVALID_ARGUMENT for a job id, UNAVAILABLE when there is no store, or it cannot be read, or (to repair it) is open.
 */
export async function* verifyLocalStore(options: VerifyOptions): AsyncGenerator<VerifyReport> {
  const base = resolve(options.baseDirectory);
  const logs = resolve(options.logsDirectory ?? join(base, 'logs'));
  const metrics = resolve(options.metricsDirectory ?? join(base, 'metrics'));
  const paths: StorePaths = { base, logs, metrics };
  for (const jobId of options.jobIds ?? []) checkJobId(jobId);
  try {
    if (!(await stat(base)).isDirectory()) throw new StorageError('UNAVAILABLE', `${base} is no folder`);
    const lock = options.repair ? await ownDirectories({ base, logs, metrics }) : undefined;
    try {
      yield* verify(paths, options);
    } finally {
      await lock?.release();
    }
  } catch (error) {
    throw toStorageError(error, `verifying the local store in ${base}`);
  }
}

async function* verify(paths: StorePaths, options: VerifyOptions): AsyncGenerator<VerifyReport> {
  const { repair = false } = options;
  const total: Tally = {
    kind: 'total',
    jobs: 0,
    damagedJobs: 0,
    rows: 0,
    missingRows: 0n,
    gaps: 0,
    bytes: 0,
    problems: 0,
    repaired: 0,
    orphans: 0,
  };
  const pending = await readPending(paths);
  for (const report of await sharedReports(paths, pending)) {
    total.problems += report.problems.length;
    yield report;
  }
  const jobIds = [...(options.jobIds ? new Set(options.jobIds) : knownJobs(pending))].sort();
  for await (const job of verifyJobs(jobIds, paths, pending, options)) {
    add(job, total);
    yield job;
    for (const area of AREAS) {
      const orphans = jobOrphans(join(paths[area], job.jobId), area);
      for await (const orphan of orphans) yield await orphanReport(orphan, repair, total);
    }
  }
  if (options.jobIds === undefined) {
    const orphans = storeOrphans(paths, pending, new Set(jobIds));
    for await (const orphan of orphans) yield await orphanReport(orphan, repair, total);
  }
  yield total;
}

async function sharedReports(
  paths: StorePaths,
  pending: Pending,
): Promise<readonly (StoreReport | LogReport | RunReport)[]> {
  const problems = await sharedProblems(paths, pending);
  const store: StoreReport[] = problems.length > 0 ? [{ kind: 'store', problems }] : [];
  return [...store, ...(pending.log ? [pending.log] : []), ...pending.runs];
}

/** Jobs with a folder or rows; what is no folder, though it has the name of a known job, is told with that job. */
function knownJobs({ folders, recorded, ordinals }: Pending): Set<string> {
  const known = new Set([...folders.logs.jobs, ...folders.metrics.jobs, ...ordinals.jobIds]);
  for (const jobId of [...folders.logs.strays, ...folders.metrics.strays])
    if (recorded.table.jobs.has(jobId)) known.add(jobId);
  return known;
}

/**
 * The owner may have been in the midst of something, or rows may have moved from the log to a file behind our back: what is wrong is still
 * wrong when all is read once more. Log and runs are, for many jobs at a time.
 */
async function* verifyJobs(
  jobIds: readonly string[],
  paths: StorePaths,
  pending: Pending,
  { repair = false, onBytes = () => undefined, jobIds: asked }: VerifyOptions,
): AsyncGenerator<JobReport> {
  const layout = new Layout(paths.logs, paths.metrics);
  for (let first = 0; first < jobIds.length; first += JOBS_VERIFIED_TOGETHER) {
    const jobs: JobReport[] = [];
    for (const jobId of jobIds.slice(first, first + JOBS_VERIFIED_TOGETHER))
      jobs.push(await verifyJob(jobId, layout, pending.ordinals, onBytes));
    const isDoubtful = !repair && jobs.some(({ problems }) => problems.length > 0);
    const ordinals = isDoubtful ? (await readPending(paths)).ordinals : undefined;
    for (const job of jobs) {
      if (ordinals && job.problems.length > 0)
        yield onlyStill(job, await verifyJob(job.jobId, layout, ordinals, () => undefined));
      else if (asked && isUnknown(job, pending)) {
        const problem = `nothing is known of job ${job.jobId}`;
        yield { ...job, problems: [{ path: paths.logs, problem }] };
      } else yield repair ? await repairIndexes(job) : job;
    }
  }
}

/** The second look at a job, with those problems that the first has found as well. */
function onlyStill(first: JobReport, second: JobReport): JobReport {
  if (second.problems.length > PROBLEMS_NAMED_MAX) return second;
  const before = new Set(first.problems.map(({ path, problem }) => `${path}: ${problem}`));
  const problems = second.problems.filter(({ path, problem }) => before.has(`${path}: ${problem}`));
  const missing = problems.flatMap(({ missingRows }) => missingRows ?? []);
  return {
    ...second,
    problems,
    gaps: missing.length,
    missingRows: missing.reduce((sum, rows) => sum + rows, 0n),
  };
}

function isUnknown({ jobId, files, problems, notes }: JobReport, { ordinals }: Pending): boolean {
  if (files.length + problems.length + notes.length > 0) return false;
  return ![...ordinals.jobIds].includes(jobId);
}

function add({ rows, missingRows, gaps, files, problems }: JobReport, total: Tally): void {
  const open = problems.filter(({ repaired }) => !repaired).length;
  total.jobs++;
  if (open > 0) total.damagedJobs++;
  total.problems += open;
  total.repaired += problems.length - open;
  total.rows += rows;
  total.missingRows += missingRows;
  total.gaps += gaps;
  total.bytes += files.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function* storeOrphans(
  { base }: StorePaths,
  { folders }: Pending,
  jobIds: ReadonlySet<string>,
): AsyncGenerator<Orphan> {
  const areas = new Map(AREAS.map((name) => [folders[name].path, folders[name]]));
  for (const folder of areas.values()) yield* areaOrphans(folder, jobIds);
  yield* ownOrphans(join(base, OWN_DIRECTORY));
}

async function orphanReport(orphan: Orphan, repair: boolean, total: Tally): Promise<OrphanReport> {
  const { path, what, isOurs } = orphan;
  const left = repair && isOurs ? await removePath(path) : undefined;
  const removed = repair && isOurs && left === undefined;
  if (!removed) total.orphans++;
  return { kind: 'orphan', path, what: left === undefined ? what : `${what}; ${left}`, removed };
}
