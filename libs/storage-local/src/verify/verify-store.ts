import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkJobId, StorageError } from '@joblet/storage';
import { IndexFiles } from '../block-index/index-files.js';
import { ownDirectories } from '../disk/own-directories.js';
import { toStorageError } from '../errors.js';
import { OWN_DIRECTORY } from '../format/file-names.js';
import { Layout } from '../format/layout.js';
import { PROBLEMS_NAMED_MAX } from '../limits.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { areaOrphans, jobOrphans, ownOrphans, removeOrphan, type Orphan } from './orphans.js';
import { readPending } from './pending-ordinals.js';
import { verifyJob, type OnBytes } from './verify-job.js';
import type { FileReport, JobReport, OrphanReport, TotalReport, VerifyReport } from './verify-report.js';

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

interface Places {
  readonly base: string;
  readonly logs: string;
  readonly metrics: string;
  readonly layout: Layout;
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
  const places: Places = { base, logs, metrics, layout: new Layout(logs, metrics) };
  for (const jobId of options.jobIds ?? []) checkJobId(jobId);
  try {
    if (!(await stat(base)).isDirectory()) throw new StorageError('UNAVAILABLE', `${base} is no folder`);
    const lock = options.repair ? await ownDirectories({ base, logs, metrics }) : undefined;
    try {
      yield* verify(places, options);
    } finally {
      await lock?.release();
    }
  } catch (error) {
    throw toStorageError(error, `verifying the local store in ${base}`);
  }
}

async function* verify(places: Places, options: VerifyOptions): AsyncGenerator<VerifyReport> {
  const { repair = false, onBytes = () => undefined } = options;
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
  const pending = await readPending(places.base, places.layout);
  for (const report of [...pending.logs, ...pending.runs]) {
    total.problems += report.problems.length;
    yield report;
  }
  const jobIds = options.jobIds ?? (await places.layout.jobIds());
  const known = new Set([...jobIds, ...(options.jobIds ? [] : pending.ordinals.jobIds)]);
  for (const jobId of [...known].sort()) {
    let job = await verifyJob(jobId, places.layout, pending.ordinals, onBytes);
    if (job.problems.length > 0 && !repair) job = await again(job, places);
    if (repair) job = await repairIndexes(job);
    if (options.jobIds && isUnknown(job) && ![...pending.ordinals.jobIds].includes(jobId))
      job = { ...job, problems: [{ path: places.logs, problem: `nothing is known of job ${jobId}` }] };
    add(job, total);
    yield job;
    for (const area of ['logs', 'metrics'] as const) {
      const directory = join(places[area], jobId);
      for await (const orphan of jobOrphans(directory, area)) yield await orphanReport(orphan, repair, total);
    }
  }
  if (options.jobIds === undefined) {
    const own = areaOrphansOf(places);
    for await (const orphan of own) yield await orphanReport(orphan, repair, total);
  }
  yield total;
}

/**
 * The owner may have been in the midst of something, or rows may have moved from the log to a file behind our back: what is wrong is still
 * wrong when all is read once more.
 */
async function again(job: JobReport, { base, layout }: Places): Promise<JobReport> {
  const { ordinals } = await readPending(base, layout);
  const second = await verifyJob(job.jobId, layout, ordinals, () => undefined);
  if (second.problems.length > PROBLEMS_NAMED_MAX) return second;
  const before = new Set(job.problems.map(({ path, problem }) => `${path}: ${problem}`));
  const problems = second.problems.filter(({ path, problem }) => before.has(`${path}: ${problem}`));
  const missing = problems.flatMap(({ missingRows }) => missingRows ?? []);
  return {
    ...second,
    problems,
    gaps: missing.length,
    missingRows: missing.reduce((sum, rows) => sum + rows, 0n),
  };
}

function isUnknown({ files, problems, notes }: JobReport): boolean {
  return files.length === 0 && problems.length === 0 && notes.length === 0;
}

async function repairIndexes(job: JobReport): Promise<JobReport> {
  const wrong = job.files.filter(({ index }) => index === 'wrong');
  if (wrong.length === 0) return job;
  const indexes = new IndexFiles();
  const files = new Map<string, FileReport>();
  try {
    for (const file of wrong) {
      await indexes.drop(file.path);
      const data = FileSnapshot.openSync(file.path, undefined);
      if (!(data instanceof FileSnapshot)) continue;
      const { path, stream } = file;
      const indexed = { path, stream, jobId: job.jobId };
      try {
        await indexes.open(indexed, data);
        await indexes.idle();
        const made = await indexes.open(indexed, data);
        files.set(path, { ...file, index: made ? 'whole' : 'none' });
      } finally {
        await data.close();
      }
    }
  } finally {
    await indexes.close();
  }
  return {
    ...job,
    files: job.files.map((file) => files.get(file.path) ?? file),
    problems: job.problems.map((problem) =>
      problem.ofIndex && files.has(problem.path) ? { ...problem, repaired: true } : problem,
    ),
  };
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

async function* areaOrphansOf({ base, logs, metrics }: Places): AsyncGenerator<Orphan> {
  for (const directory of new Set([logs, metrics])) yield* areaOrphans(directory);
  yield* ownOrphans(join(base, OWN_DIRECTORY));
}

async function orphanReport(orphan: Orphan, repair: boolean, total: Tally): Promise<OrphanReport> {
  const { path, what, isOurs } = orphan;
  const removed = repair && isOurs;
  if (removed) await removeOrphan(orphan);
  else total.orphans++;
  return { kind: 'orphan', path, what, removed };
}
