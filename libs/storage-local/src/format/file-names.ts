import { basename, dirname, join } from 'node:path';

// Every name on the disk. What is not a job lies outside logs/ and metrics/, in a folder that starts with a dot:
// no job id does.
export const STDOUT_FILE = 'stdout.log.gz';
export const STDERR_FILE = 'stderr.log.gz';
export const METRICS_FILE = 'metrics.jsonl.gz';

/** The same without compression: JSON Lines, each row with its ordinal. */
export const PLAIN_STDOUT_FILE = 'stdout.log';
export const PLAIN_STDERR_FILE = 'stderr.log';
export const PLAIN_METRICS_FILE = 'metrics.jsonl';

/** Whether it has lines instead of gzip members; a rotated one has its number behind the name. */
export function isPlainFile(path: string): boolean {
  return /\.(log|jsonl)(\.\d+)?$/.test(path);
}

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

/** What tells the store from others: its runs name it. */
export const STORE_ID_FILE = join(OWN_DIRECTORY, 'id');

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

/** Beside a data file, while another one is made that will take its place. */
export function temporaryFileOf(dataFile: string): string {
  return join(dirname(dataFile), `.${basename(dataFile)}.new`);
}

/** Also the index of one. */
export function isTemporary(entry: string): boolean {
  return /^\..+\.new(\.idx|\.flt)?$/.test(entry);
}

/**
 * A file that was put aside when it was full: `stdout.log.1.gz` is the oldest, and never gets another name. `gzip -dc stdout.log.*.gz`
 * takes it. 0: what is known of those that are gone.
 */
export function rotatedFileOf(fileName: string, number: number): string {
  return fileName.endsWith('.gz') ? `${fileName.slice(0, -3)}.${number}.gz` : `${fileName}.${number}`;
}

/** What a rotated plain file is called when it has been compressed. */
export function compressedFileOf(rotatedFile: string): string {
  return `${rotatedFile}.gz`;
}

/** The number of a rotated file, and the name that it had; undefined for any other file. */
export function parseRotated(entry: string): { fileName: string; number: number } | undefined {
  const match = /^(.+)\.(0|[1-9]\d{0,8})(\.gz)?$/.exec(entry);
  return match ? { fileName: match[1] + (match[3] ?? ''), number: Number(match[2]) } : undefined;
}
