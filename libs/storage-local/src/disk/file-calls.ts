import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
  writevSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './error-code.js';
import { DIRECTORY_MODE, FILE_MODE } from '../format/file-names.js';
import { WRITE_BUFFERS_MAX } from '../limits.js';

const { O_CREAT, O_NONBLOCK, O_RDWR } = constants;

const NEWLINE = Buffer.from('\n');

/** Bytes for the end of a file. */
export interface FileAppend {
  readonly path: string;
  /** Of the open file. Absent: it is opened, and made when it is not there. */
  readonly fd?: number | undefined;
  /** Of what counts: what is behind it is cut off. 0: the file's folder is made too. */
  readonly length: number;
  readonly parts: readonly Uint8Array[];
  /** Whether the file has lines: what somebody else has written may lack the newline of the last. */
  readonly hasLines: boolean;
}

export interface AppendedFile {
  /** The caller's to close. */
  readonly fd: number;
  /** Of the file. */
  readonly length: number;
}

/** Bytes for a place of a file. At 0: whatever was in the file goes. Elsewhere, the file must be there. */
export interface FileWrite {
  readonly path: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** System calls that belong together, without a trip to another thread for each. */
export interface FileCalls {
  /** Rejects with FileChangedError when the file is shorter than what counts, or gone; what it opened is closed then. */
  append(append: FileAppend): Promise<AppendedFile>;
  /** One behind the other, up to the first that fails. */
  write(writes: readonly FileWrite[]): Promise<void>;
  /** What was written to the open file is durable then. */
  syncData(fd: number): Promise<void>;
  /** Makes the names in it durable. */
  syncFolder(path: string): Promise<void>;
  close(): Promise<void>;
}

/** A file is not as long as what counts, or is gone: somebody else has changed it. */
export class FileChangedError extends Error {}

/** FileCalls' append. */
export function appendFile(append: FileAppend): AppendedFile {
  const fd = append.fd ?? openFile(append);
  try {
    const { path, length, hasLines, parts } = append;
    cutRest(fd, path, length);
    const isCutLine = hasLines && parts.length > 0 && !endsLine(fd, length);
    return { fd, length: length + writeParts(fd, isCutLine ? [NEWLINE, ...parts] : parts, length) };
  } catch (error) {
    if (append.fd === undefined) closeSync(fd);
    throw error;
  }
}

/** FileCalls' write. */
export function writeFiles(writes: readonly FileWrite[]): void {
  for (const { path, offset, bytes } of writes) {
    const fd = openSync(path, offset === 0 ? 'w' : 'r+', FILE_MODE);
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, offset + at);
    } finally {
      closeSync(fd);
    }
  }
}

/** FileCalls' syncData: on one of libuv's threads, since it waits for the disk, which others need not do. */
export const syncData: (fd: number) => Promise<void> = promisify(fdatasync);

/** FileCalls' syncFolder. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function openFile({ path, length }: FileAppend): number {
  if (length === 0) makeFolder(dirname(path));
  // A FIFO in the file's place would hold the thread until somebody reads it.
  return openSync(path, O_RDWR | O_CREAT | O_NONBLOCK, FILE_MODE);
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, DIRECTORY_MODE);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

function cutRest(fd: number, path: string, length: number): void {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw new Error(`${path} is no file; move it away`);
  if (stats.nlink === 0 || stats.size < length) {
    const found = stats.nlink === 0 ? 'it is gone' : `found ${stats.size} bytes`;
    throw new FileChangedError(`${path}: ${found}, expected ${length}`);
  }
  if (stats.size > length) ftruncateSync(fd, length);
}

function endsLine(fd: number, length: number): boolean {
  if (length === 0) return true;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, length - 1);
  return last.equals(NEWLINE);
}

/** All bytes: a write may take fewer than it was given. */
function writeParts(fd: number, parts: readonly Uint8Array[], position: number): number {
  let written = 0;
  for (let rest = parts; rest.length > 0;) {
    const bytes = writevSync(fd, rest.slice(0, WRITE_BUFFERS_MAX), position + written);
    written += bytes;
    rest = partsBehind(rest, bytes);
  }
  return written;
}

/** The parts without their first so many bytes. */
export function partsBehind(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let first = 0;
  while (first < parts.length && bytes >= parts[first].length) bytes -= parts[first++].length;
  if (bytes === 0) return parts.slice(first);
  return [parts[first].subarray(bytes), ...parts.slice(first + 1)];
}
