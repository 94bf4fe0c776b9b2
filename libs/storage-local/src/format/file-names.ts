import { join } from 'node:path';

// Every name on the disk. What is not a job lies outside logs/ and metrics/, in a folder that starts with a dot:
// no job id does.
export const STDOUT_FILE = 'stdout.log.gz';
export const STDERR_FILE = 'stderr.log.gz';
export const METRICS_FILE = 'metrics.jsonl.gz';

/** The store's own directory, below the base directory. */
export const OWN_DIRECTORY = '.joblet';

/** What a write or a delete is about to change, so that a crash in the middle leaves all of it or nothing. */
export const INTENT_FILE = join(OWN_DIRECTORY, 'intent.json');

/** What the older Go service knows of its jobs; in the base directory. */
export const OLD_JOB_INDEX_FILE = 'job_index.json';

/** Segments of the write-ahead log. */
export const LOG_DIRECTORY = join(OWN_DIRECTORY, 'wal');

/** Rows of many jobs that are not in their own files yet. */
export const RUNS_DIRECTORY = join(OWN_DIRECTORY, 'runs');

/** Which jobs there are, and what is durable of them. */
export const JOB_INDEX_FILE = join(OWN_DIRECTORY, 'jobs');

export const DIRECTORY_MODE = 0o700;
export const FILE_MODE = 0o600;

/** The socket of the n-th owner; see owner-lock.ts. */
export function ownerSocketName(number: number): string {
  return `owner.${number}.sock`;
}

/** Undefined for any other file. */
export function ownerSocketNumber(name: string): number | undefined {
  const match = /^owner\.(\d{1,15})\.sock$/.exec(name);
  return match ? Number(match[1]) : undefined;
}

/** Beside a data file: the index of its blocks. */
export function indexFileOf(dataFile: string): string {
  return `${dataFile}.idx`;
}

/** Beside a data file: the substring filters of its blocks. */
export function filterFileOf(dataFile: string): string {
  return `${dataFile}.flt`;
}
