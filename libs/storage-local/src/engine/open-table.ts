import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openWal, type WalEvent, type WriteAheadLog } from '@joblet/wal';
import { statsOf } from '../disk/stats-of.js';
import { JOB_INDEX_FILE, LOG_DIRECTORY } from '../format/file-names.js';
import { Layout } from '../format/layout.js';
import { SEGMENT_BYTES, SHORT_SEGMENT_BYTES, SHORT_SEGMENT_SHARE } from '../limits.js';
import type { EngineOptions } from './engine-options.js';
import type { FreeSpace } from './free-space.js';
import { olderJobIndex, readJobIndex } from './job-index.js';
import { AREAS, JobTable, newArea } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { readOldIndex } from './old-index.js';
import type { RunStore } from './runs.js';

/**
 * `known`: of the oldest log record that the job index does not know for sure; undefined when there is no index. `folders`: the ids of the jobs
 * that have one.
 */
export async function openTable(options: EngineOptions): Promise<{
  readonly table: JobTable;
  readonly known: bigint | undefined;
  readonly folders: Readonly<Record<AreaName, ReadonlySet<string>>>;
  /** Why there is no index. */
  readonly missing: string | undefined;
}> {
  const { logsDirectory, metricsDirectory, baseDirectory, onEvent } = options;
  const layout = new Layout(logsDirectory, metricsDirectory);
  const path = join(baseDirectory, JOB_INDEX_FILE);
  await rm(`${path}.tmp`, { force: true });
  let table = new JobTable(layout);
  let known = await readJobIndex(path, table);
  let missing: string | undefined;
  if (typeof known === 'string') {
    const reason = known;
    table = new JobTable(layout);
    known = await readJobIndex(olderJobIndex(path), table);
    // They may have been removed since.
    table.runs.clear();
    if (typeof known === 'string') {
      table = new JobTable(layout);
      missing = reason;
    } else if (statsOf(path)) {
      onEvent({ type: 'job-index-rebuilt', path, reason: `${reason}; the one before and the log are used` });
      // It must not take the place of the good one.
      await rm(path, { force: true });
    }
  }
  const found = await layout.jobIdsByArea();
  for (const name of AREAS) {
    for (const jobId of found[name]) table.job(jobId)[name] ??= newArea(name, { facts: undefined });
    // Folders that are gone were taken away by somebody else; what has no file yet is known from the log.
    for (const [jobId, job] of table.jobs) {
      const area = job[name];
      if (!area || found[name].has(jobId) || area.files.every(({ synced }) => synced?.length === 0)) continue;
      job[name] = undefined;
      table.forgetIfEmpty(job);
    }
  }
  await readOldIndex(baseDirectory, table);
  return { table, known: typeof known === 'string' ? undefined : known, folders: found, missing };
}

/** Up to where the log has been, as far as anything else tells: it may have been cut short, or taken away. */
export function newestPosition(table: JobTable, { runs }: RunStore, known: bigint | undefined): bigint {
  let newest = known ?? 0n;
  const see = (position: bigint): void => {
    if (position > newest) newest = position;
  };
  for (const { area } of table.areas()) if (area.born > 0n) see(area.born + 1n);
  for (const born of table.graves.values()) see(born + 1n);
  for (const { position } of runs) see(position);
  return newest;
}

/** `usedUpTo`: positions before it are known of, whatever has become of the log. */
export async function openLog(
  options: EngineOptions,
  space: FreeSpace,
  usedUpTo: bigint,
): Promise<WriteAheadLog> {
  const { baseDirectory, sync, syncIntervalMs, segmentBytes = SEGMENT_BYTES, onEvent } = options;
  let lengthOfLog = (): number => 0;
  const log = await openWal({
    directory: join(baseDirectory, LOG_DIRECTORY),
    sync,
    ...(syncIntervalMs !== undefined && { syncIntervalMs }),
    segmentBytes() {
      const enough = Math.max(SHORT_SEGMENT_BYTES, lengthOfLog() / SHORT_SEGMENT_SHARE);
      return space.segmentBytes(Math.min(segmentBytes, enough));
    },
    usedUpTo,
    onEvent: (event: WalEvent) => onEvent(event),
  });
  lengthOfLog = () => Number(log.end - log.start);
  return log;
}
