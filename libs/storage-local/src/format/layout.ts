import { readdirSync, type Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isJobId } from '@joblet/storage';
import { StreamType } from '@joblet/wire';
import { errorCode, isMissing } from '../errors.js';
import {
  METRICS_FILE,
  parseRotated,
  PLAIN_METRICS_FILE,
  PLAIN_STDERR_FILE,
  PLAIN_STDOUT_FILE,
  STDERR_FILE,
  STDOUT_FILE,
} from './file-names.js';

/** A file of a job, wherever the directories are. */
export interface JobFile {
  readonly area: 'logs' | 'metrics';
  readonly jobId: string;
  readonly fileName: string;
}

/** The files that a job can have, and the stream whose rows each holds; both kinds when the setting was changed. */
export const FILES = {
  logs: [
    { fileName: STDOUT_FILE, stream: StreamType.STDOUT },
    { fileName: STDERR_FILE, stream: StreamType.STDERR },
    { fileName: PLAIN_STDOUT_FILE, stream: StreamType.STDOUT },
    { fileName: PLAIN_STDERR_FILE, stream: StreamType.STDERR },
  ],
  metrics: [
    { fileName: METRICS_FILE, stream: StreamType.UNSPECIFIED },
    { fileName: PLAIN_METRICS_FILE, stream: StreamType.UNSPECIFIED },
  ],
} as const;

/** A file that lies in a job's folder. */
export interface FoundFile {
  readonly fileName: string;
  readonly stream: number;
  /** Of a rotated one, ascending in time; 0: the one that is appended to. */
  readonly number: number;
}

/** What the name of a file in a job's folder says; undefined when it is none of its data files. */
export function dataFileOf(area: JobFile['area'], entry: string): FoundFile | undefined {
  const rotated = parseRotated(entry);
  const { fileName, number } = rotated ?? { fileName: entry, number: 0 };
  const known = FILES[area].find((file) => file.fileName === fileName);
  if (!known || rotated?.number === 0) return undefined;
  return { fileName: entry, stream: known.stream, number };
}

/** The data files among the names in a job's folder, of each stream the oldest first. */
export function dataFilesIn(area: JobFile['area'], entries: readonly string[]): FoundFile[] {
  const place = ({ number }: FoundFile): number => (number === 0 ? Number.MAX_SAFE_INTEGER : number);
  return entries
    .flatMap((entry) => dataFileOf(area, entry) ?? [])
    .sort((one, other) => one.stream - other.stream || place(one) - place(other));
}

/** Where jobs lie. Job ids that come here have been checked: one is a single, plain path segment. */
export class Layout {
  private readonly areas: { readonly logs: string; readonly metrics: string };

  constructor(logsDirectory: string, metricsDirectory: string) {
    this.areas = { logs: logsDirectory, metrics: metricsDirectory };
  }

  path({ area, jobId, fileName }: JobFile): string {
    return join(this.areas[area], jobId, fileName);
  }

  /** The directories of a job, whether they are there or not. */
  directories(jobId: string): string[] {
    return [join(this.areas.logs, jobId), join(this.areas.metrics, jobId)];
  }

  /** The files that a job can have, whether they are there or not. */
  paths(jobId: string): string[] {
    const areas = ['logs', 'metrics'] as const;
    return areas.flatMap((area) => FILES[area].map(({ fileName }) => this.path({ area, jobId, fileName })));
  }

  /** The names in one of the job's folders; none when it is not there. At once: nothing changes in between. */
  entriesSync(area: JobFile['area'], jobId: string): string[] {
    try {
      return readdirSync(join(this.areas[area], jobId));
    } catch (error) {
      if (isMissing(error) || errorCode(error) === 'ENOTDIR') return [];
      throw error;
    }
  }

  /** The ids of the jobs that have a directory, by area. */
  async jobIdsByArea(): Promise<Record<JobFile['area'], Set<string>>> {
    const ids = { logs: new Set<string>(), metrics: new Set<string>() };
    for (const area of ['logs', 'metrics'] as const) {
      const directory = this.areas[area];
      for (const entry of await entries(directory)) {
        if (isJobId(entry.name) && (await isDirectory(directory, entry))) ids[area].add(entry.name);
      }
    }
    return ids;
  }

  /** The ids of all jobs that have a directory, sorted. */
  async jobIds(): Promise<string[]> {
    const { logs, metrics } = await this.jobIdsByArea();
    return [...new Set([...logs, ...metrics])].sort();
  }
}

const NO_TARGET = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** A job may have been moved to another disk, and a link left in its place. */
async function isDirectory(area: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return (await stat(join(area, entry.name))).isDirectory();
  } catch (error) {
    // What may not be looked at can be a job: it is listed, as one that cannot be read.
    return !NO_TARGET.has(errorCode(error) ?? '');
  }
}

async function entries(directory: string) {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
