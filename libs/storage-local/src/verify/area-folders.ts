import { join } from 'node:path';
import { isJobId } from '@joblet/storage';
import type { AreaName } from '../engine/log-entry.js';
import { AREAS } from '../engine/job-table.js';
import { isFolder, namesIn } from './path-problems.js';

/** What lies in the folder of logs, or of metrics. */
export interface AreaFolder {
  readonly path: string;
  /** Ids of the jobs that have a folder there. */
  readonly jobs: ReadonlySet<string>;
  /** Names of jobs that are no folders. */
  readonly strays: ReadonlySet<string>;
  /** Why nothing of it can be read. */
  readonly problem?: string;
}

export type AreaFolders = Readonly<Record<AreaName, AreaFolder>>;

export async function readAreaFolders(paths: Readonly<Record<AreaName, string>>): Promise<AreaFolders> {
  const [logs, metrics] = await Promise.all(AREAS.map((name) => readAreaFolder(paths[name])));
  return { logs, metrics };
}

async function readAreaFolder(path: string): Promise<AreaFolder> {
  const names = await namesIn(path);
  const jobs = new Set<string>();
  const strays = new Set<string>();
  if (typeof names === 'string') return { path, jobs, strays, problem: names };
  for (const name of (names ?? []).filter(isJobId)) (isFolder(join(path, name)) ? jobs : strays).add(name);
  return { path, jobs, strays };
}
