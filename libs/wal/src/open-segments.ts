import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { crc32c } from './crc32c.js';
import type { Disk, DiskFile } from './disk.js';
import { writeAll } from './write-all.js';
import { isFolder, isMissing } from './errors.js';
import { ID_FILE, isSpareName, positionOfName } from './file-names.js';
import { READ_BYTES } from './limits.js';
import { readRecordHeader, RECORD_ALIGNMENT, RECORD_MAGIC } from './record-header.js';
import {
  decodeSegmentHeader,
  LOG_ID_BYTES,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from './segment-header.js';
import type { WalEvent } from './wal-event.js';

/** A segment that is there. */
export interface Segment {
  readonly path: string;
  readonly firstPosition: bigint;
  /** Absent when its header is damaged. */
  readonly previousEnd?: bigint;
  readonly isRecycled: boolean;
}

/** The log's id; undefined when the file is not there or damaged. */
export async function readLogId(disk: Pick<Disk, 'open'>, directory: string): Promise<Buffer | undefined> {
  const text = await readAll(disk, join(directory, ID_FILE)).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  return text && /^[0-9a-f]{32}\n$/.test(text.toString('latin1'))
    ? Buffer.from(text.toString('latin1').trim(), 'hex')
    : undefined;
}

/**
 * Makes the file of the id, or a new one for a damaged one. It need not be durable: the segments name the id as well;
 * the file tells it when their headers are damaged.
 */
export async function makeLogId(disk: Disk, directory: string, id: Uint8Array): Promise<void> {
  const path = join(directory, ID_FILE);
  await disk.remove(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
  const file = await disk.create(path);
  try {
    await writeAll(file, [Buffer.from(`${Buffer.from(id).toString('hex')}\n`)], 0);
  } finally {
    await file.close();
  }
}

export function newLogId(): Buffer {
  return randomBytes(LOG_ID_BYTES);
}

/** The id that most segments name; of several, the newest one's. */
export async function idOfSegments(
  disk: Pick<Disk, 'list' | 'open'>,
  directory: string,
): Promise<Uint8Array | undefined> {
  const counts = new Map<string, number>();
  for (const path of (await segmentPaths(disk, directory)).reverse()) {
    const header = await readHeader(disk, path);
    if (header === undefined) continue;
    const id = Buffer.from(header.logId).toString('hex');
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, one], [, other]) => other - one);
  return most && Buffer.from(most[0], 'hex');
}

/** The segments of the log, oldest first. What is none of them is told and left where it is. */
export async function listSegments(
  disk: Pick<Disk, 'list' | 'open'>,
  directory: string,
  logId: Uint8Array,
  onEvent: (event: WalEvent) => void,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const path of await segmentPaths(disk, directory)) {
    const segment = await readSegment(disk, path, logId);
    const known = segments.some(({ firstPosition }) => firstPosition === segment?.firstPosition);
    if (segment && !known) segments.push(segment);
    else {
      const reason = segment ? 'the second one of its position' : 'not of this log';
      onEvent({ type: 'foreign-segment', path, reason });
    }
  }
  return segments.sort((a, b) => (a.firstPosition < b.firstPosition ? -1 : 1));
}

/** Removes what a crash left: spare segments, and one that was just being made: a file with no more than a torn header. */
export async function removeUnfinished(disk: Disk, directory: string): Promise<void> {
  for (const name of await disk.list(directory))
    if (isSpareName(name)) await disk.remove(join(directory, name)).catch(unlessFolder);
  for (const path of await segmentPaths(disk, directory)) {
    const isUnfinished = await withFile(disk, path, async (file) => {
      const bytes = Buffer.alloc(READ_BYTES);
      const found = bytes.subarray(0, await file.read(bytes, 0));
      const isBlank = found.length < READ_BYTES && found.every((byte) => byte === 0);
      return isBlank || (found.length <= SEGMENT_HEADER_BYTES && decodeSegmentHeader(found) === undefined);
    });
    if (isUnfinished) await disk.remove(path);
  }
}

/** The first position at or behind the end that no file has in its name, whatever the file is. */
export async function unusedPosition(disk: Disk, directory: string, end: bigint): Promise<bigint> {
  const taken = (await disk.list(directory)).map((name) => positionOfName(name) ?? -1n);
  const highest = taken.reduce((most, position) => (position > most ? position : most), -1n);
  return highest < end ? end : highest + BigInt(RECORD_ALIGNMENT);
}

async function segmentPaths(disk: Pick<Disk, 'list'>, directory: string): Promise<string[]> {
  const names = (await disk.list(directory)).filter((name) => positionOfName(name) !== undefined);
  return names.sort().map((name) => join(directory, name));
}

async function readSegment(
  disk: Pick<Disk, 'open'>,
  path: string,
  logId: Uint8Array,
): Promise<Segment | undefined> {
  const header = await readHeader(disk, path);
  if (header === undefined) return positionByRecord(disk, path, crc32c(logId));
  if (Buffer.compare(header.logId, logId) !== 0) return undefined;
  const { firstPosition, previousEnd, isRecycled } = header;
  return { path, firstPosition, previousEnd, isRecycled };
}

async function readHeader(disk: Pick<Disk, 'open'>, path: string): Promise<SegmentHeader | undefined> {
  return withFile(disk, path, async (file) => {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
    return decodeSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)));
  });
}

/**
 * A segment whose header is damaged is known by a whole record header, which says its position: one that agrees with the name,
 * since a recycled segment has older ones as well, or else the first.
 */
async function positionByRecord(
  disk: Pick<Disk, 'open'>,
  path: string,
  logCrc: number,
): Promise<Segment | undefined> {
  return withFile(disk, path, async (file) => {
    const bytes = Buffer.alloc(READ_BYTES);
    const found = bytes.subarray(0, await file.read(bytes, 0));
    let first: bigint | undefined;
    for (let at = found.indexOf(RECORD_MAGIC); at >= 0; at = found.indexOf(RECORD_MAGIC, at + 1)) {
      const record = at % RECORD_ALIGNMENT === 0 ? readRecordHeader(found, at, logCrc) : undefined;
      if (!record) continue;
      const position = record.position - BigInt(at - SEGMENT_HEADER_BYTES);
      first ??= position;
      if (position !== positionOfName(basename(path))) continue;
      first = position;
      break;
    }
    return first === undefined ? undefined : { path, firstPosition: first, isRecycled: true };
  });
}

async function readAll(disk: Pick<Disk, 'open'>, path: string): Promise<Buffer | undefined> {
  return withFile(disk, path, async (file) => {
    const bytes = Buffer.alloc(Math.min(await file.size(), READ_BYTES));
    return bytes.subarray(0, await file.read(bytes, 0));
  });
}

/** Undefined for a folder: whatever its name, it is nothing of the log. */
async function withFile<Result>(
  disk: Pick<Disk, 'open'>,
  path: string,
  work: (file: DiskFile) => Promise<Result>,
): Promise<Result | undefined> {
  const file = await disk.open(path).catch(unlessFolder);
  if (!file) return undefined;
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

function unlessFolder(error: unknown): undefined {
  if (!isFolder(error)) throw error;
}
