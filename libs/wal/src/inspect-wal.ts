import { crc32c } from './crc32c.js';
import type { DiskFile } from './disk.js';
import { isMissing } from './errors.js';
import { positionOfMark, positionOfName } from './file-names.js';
import { missingNewest } from './newest-mark.js';
import { readOnlyDisk } from './node-disk.js';
import { idOfSegments, listSegments, readLogId } from './open-segments.js';
import { endOf } from './read-segments.js';
import { readableDisk, reasonOf } from './readable-disk.js';
import { RECORD_ALIGNMENT } from './record-header.js';
import { scanSegment, type LogHole, type LogRecord } from './segment-scan.js';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from './segment-header.js';
import { toWalError } from './wal-error.js';
import type { WalEvent } from './wal-event.js';

/** A segment; the records and holes that follow are its own. */
export interface LogSegment {
  readonly kind: 'segment';
  readonly path: string;
  /** Of the record that would be right behind the header; another one is as many bytes further on. */
  readonly firstPosition: bigint;
  readonly headerBytes: number;
  readonly bytes: number;
}

/** What is behind the last record of the newest segment: a write that is under way, or that a crash has ended. */
export interface LogTail {
  readonly kind: 'tail';
  readonly path: string;
  /** In the file. */
  readonly offset: number;
  readonly bytes: number;
}

export type LogItem = LogSegment | LogRecord | LogHole | LogTail;

export interface InspectOptions {
  readonly directory: string;
  /** `foreign-segment` only. */
  readonly onEvent?: (event: WalEvent) => void;
}

/**
 * All that is in the segments of a log. Changes nothing, so that it may be used beside the process that has the log open: what
 * that one trims meanwhile is not there, nor is a segment that cannot be read, which is told. A folder without a log has none. Rejects with
 * WalError.
 */
export async function* inspectWal({
  directory,
  onEvent = () => undefined,
}: InspectOptions): AsyncGenerator<LogItem> {
  try {
    const disk = await readableDisk(directory, (path, reason) =>
      onEvent({ type: 'foreign-segment', path, reason }),
    );
    const names = await disk.list(directory);
    if (!names.some((name) => (positionOfName(name) ?? positionOfMark(name)) !== undefined)) return;
    const id = (await readLogId(disk, directory)) ?? (await idOfSegments(disk, directory));
    if (id === undefined) return;
    const segments = await listSegments(disk, directory, id, onEvent);
    const missing = await missingNewest(disk, directory, segments, { isWritten: true });
    for (const [index, { path, firstPosition, isRecycled }] of segments.entries()) {
      const end = endOf(segments, index);
      yield* itemsOf({
        path,
        firstPosition,
        isRecycled,
        logCrc: crc32c(id),
        ...(end !== undefined && { end }),
      });
    }
    if (missing) {
      const from = missing.firstPosition;
      const to = from + BigInt(RECORD_ALIGNMENT);
      yield { kind: 'hole', from, to, reason: `${missing.path} is not there any more` };
    }
  } catch (error) {
    throw toWalError(error, `reading the log in ${directory}`);
  }
}

/** As `inspectWal`, of one segment by its own header. Undefined when the file has none of this version. */
export async function inspectSegment(path: string): Promise<AsyncGenerator<LogItem> | undefined> {
  const file = await readOnlyDisk.open(path);
  try {
    const header = await readHeader(file);
    if (!header) return undefined;
    const { firstPosition, isRecycled, logId } = header;
    return itemsOf({ path, firstPosition, isRecycled, logCrc: crc32c(logId) });
  } finally {
    await file.close();
  }
}

async function* itemsOf(segment: {
  readonly path: string;
  readonly firstPosition: bigint;
  readonly isRecycled: boolean;
  readonly logCrc: number;
  readonly end?: bigint;
}): AsyncGenerator<LogItem> {
  const { path, firstPosition } = segment;
  const file = await readOnlyDisk.open(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (file === undefined) return;
  try {
    const bytes = await file.size();
    yield { kind: 'segment', path, firstPosition, headerBytes: SEGMENT_HEADER_BYTES, bytes };
    let reached = firstPosition;
    try {
      const items = scanSegment({ ...segment, file });
      let step = await items.next();
      for (; !step.done; step = await items.next()) {
        const item = step.value;
        // Trimmed meanwhile, its file may be that of another segment.
        if (item.kind === 'hole') {
          const header = await readHeader(file);
          if (header && header.firstPosition !== firstPosition) return;
        }
        reached = item.kind === 'hole' ? item.to : item.end;
        yield item;
      }
      const { end, tornBytes } = step.value;
      const offset = SEGMENT_HEADER_BYTES + Number(end - firstPosition);
      if (tornBytes > 0) yield { kind: 'tail', path, offset, bytes: tornBytes };
    } catch (error) {
      const to = segment.end ?? firstPosition + BigInt(bytes - SEGMENT_HEADER_BYTES);
      yield { kind: 'hole', from: reached, to, reason: `${path}: ${reasonOf(error)}` };
    }
  } finally {
    await file.close();
  }
}

async function readHeader(file: DiskFile): Promise<SegmentHeader | undefined> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  return decodeSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)));
}
