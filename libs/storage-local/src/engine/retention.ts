import { StorageError, type CleanupReport, type CleanupRequest } from '@joblet/storage';
import type { JobDeleter } from './delete-job.js';
import type { EngineCore } from './engine-core.js';
import { areaNumbers } from './job-numbers.js';
import { AREAS, type Area, type DataFile, type JobTable } from './job-table.js';
import type { KnownAreas } from './known-areas.js';
import type { AreaName } from './log-entry.js';
import type { Rotation } from './rotation.js';

type Limits = Readonly<Record<AreaName, bigint | undefined>>;

/** Deletes the logs and the metrics whose time is over, and of those that go on the rotated files whose time is over. */
export async function cleanUp(
  parts: {
    readonly table: JobTable;
    readonly known: KnownAreas;
    readonly deleter: JobDeleter;
    readonly rotation: Rotation;
    readonly tellFailed: EngineCore['tellFailed'];
  },
  { logsBefore, metricsBefore, dryRun = false }: CleanupRequest,
): Promise<CleanupReport> {
  const { table, known } = parts;
  const before = { logs: logsBefore, metrics: metricsBefore };
  const removed = { logs: 0n, metrics: 0n };
  // One that cannot be looked at is not to keep the others' files.
  const tell = (jobId: string) => (error: unknown) => {
    parts.tellFailed(`looking whether rows of job ${jobId} have expired`, error);
    return undefined;
  };
  const losers: string[] = [];
  for (const jobId of [...table.jobs.keys()].sort()) {
    const expired = new Map<AreaName, bigint>();
    let hasLost = false;
    for (const name of AREAS) {
      const limit = before[name];
      const area = limit === undefined ? undefined : await known.areaIfKnown(jobId, name).catch(tell(jobId));
      if (limit === undefined || !area) continue;
      const rows = expiredRows(name, area, limit);
      if (rows > 0n) expired.set(name, rows);
      const job = table.jobs.get(jobId);
      const files = rows > 0n ? [] : expiredFiles(area, limit);
      if (files.length === 0 || !job) continue;
      hasLost = true;
      for (const { counted } of files) removed[name] += counted?.rows ?? 0n;
      if (!dryRun) await parts.rotation.expire(job, name, area, files);
    }
    if (expired.size === 0 && !hasLost) continue;
    losers.push(jobId);
    if (expired.size === 0) continue;
    for (const [name, rows] of expired) removed[name] += rows;
    if (!dryRun) await expire(parts, jobId, before, [...expired.keys()]);
  }
  return { jobs: losers, logRows: removed.logs, metricRows: removed.metrics };
}

async function expire(
  { table, deleter }: { readonly table: JobTable; readonly deleter: JobDeleter },
  jobId: string,
  before: Limits,
  names: readonly AreaName[],
): Promise<void> {
  try {
    await deleter.delete(
      jobId,
      (group) => {
        // What has just come is not expired.
        if (group.isPlanned(jobId) !== undefined) return [];
        return names.filter((name) => {
          const area = table.jobs.get(jobId)?.[name];
          const limit = before[name];
          return area !== undefined && limit !== undefined && expiredRows(name, area, limit) > 0n;
        });
      },
      true,
    );
  } catch (error) {
    if (!(error instanceof StorageError && error.code === 'JOB_NOT_FOUND')) throw error;
  }
}

/** Rotated files, of each stream from the oldest on, whose newest row and last arrival are before the limit. */
function expiredFiles({ files }: Area, limit: bigint): DataFile[] {
  const kept = new Set<number>();
  return files.filter((file) => {
    const { counted, arrival, stream, number } = file;
    const isOld =
      number > 0 && counted !== undefined && counted.timeMax < limit && BigInt(arrival) * 1_000_000n < limit;
    if (!isOld) kept.add(stream);
    return isOld && !kept.has(stream);
  });
}

/** Rows of the area, when the later of its newest row's time and the last arrival is before the limit; else 0. */
function expiredRows(name: AreaName, area: Area, limit: bigint): bigint {
  const numbers = [...areaNumbers(name, area).values()];
  const rows = numbers.reduce((sum, stream) => sum + stream.rows, 0n);
  const newest = numbers.reduce(
    (last, { timeMax }) => (timeMax > last ? timeMax : last),
    BigInt(area.arrival) * 1_000_000n,
  );
  return newest < limit ? rows : 0n;
}
