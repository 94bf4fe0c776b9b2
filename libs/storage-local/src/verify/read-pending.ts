import { join } from 'node:path';
import { LOG_DIRECTORY } from '../format/file-names.js';
import { Layout } from '../format/layout.js';
import { readAreaFolders, type AreaFolders } from './area-folders.js';
import { checkLog } from './check-log.js';
import { checkRuns } from './check-runs.js';
import { PendingOrdinals } from './pending-ordinals.js';
import { readRecorded, type Recorded } from './recorded.js';
import type { LogReport, RunReport } from './verify-report.js';

/** Absolute paths. */
export interface StorePaths {
  readonly base: string;
  readonly logs: string;
  readonly metrics: string;
}

/** What a store has besides the files of its jobs, at one moment. */
export interface Pending {
  readonly folders: AreaFolders;
  readonly recorded: Recorded;
  readonly ordinals: PendingOrdinals;
  readonly log: LogReport | undefined;
  readonly runs: readonly RunReport[];
}

/**
 * Changes nothing. The job index comes first: what it names is there afterwards, or the owner has gone on; then runs: what a run has, the
 * log may have lost since.
 */
export async function readPending(paths: StorePaths): Promise<Pending> {
  const layout = new Layout(paths.logs, paths.metrics);
  const recorded = await readRecorded(paths.base, layout);
  const folders = await readAreaFolders(paths);
  const ordinals = new PendingOrdinals();
  ordinals.record(recorded.table, folders);
  const runs = await checkRuns(paths.base, layout, recorded, ordinals);
  // As a start does: what a damaged run had may be in the log from before that position.
  const isWhole = runs.every(({ problems }) => problems.length === 0);
  const from = isWhole ? recorded.position : 0n;
  const log = await checkLog(join(paths.base, LOG_DIRECTORY), from, ordinals);
  return { folders, recorded, ordinals, log, runs };
}
