import { crc32c } from './crc32c.js';
import type { DiskFile } from './disk.js';
import { FileWindow } from './file-window.js';
import { READ_BYTES } from './limits.js';
import {
  readRecordHeader,
  recordBytes,
  RECORD_ALIGNMENT,
  RECORD_HEADER_BYTES,
  RECORD_MAGIC,
  type RecordHeader,
} from './record-header.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';

export interface LogRecord {
  readonly kind: 'record';
  readonly position: bigint;
  /** Position behind the record: of the next one, unless there is a hole. */
  readonly end: bigint;
  readonly payload: Buffer;
}

/** Positions whose records are lost. */
export interface LogHole {
  readonly kind: 'hole';
  readonly from: bigint;
  readonly to: bigint;
  readonly reason: string;
}

export interface ScannedSegment {
  readonly file: DiskFile;
  readonly path: string;
  readonly firstPosition: bigint;
  /** CRC-32C of the log's id. */
  readonly logCrc: number;
  /** Where the segment's records end; absent for the newest, where they end is to be found out. */
  readonly end?: bigint;
  /** As its header says. */
  readonly isRecycled: boolean;
  /** Whether a record's payload may be written over when the next one is asked for. */
  readonly isReused?: boolean;
}

/** How the newest segment ends. */
export interface SegmentEnd {
  readonly end: bigint;
  /** Bytes behind the end that are no record, and not only zeros; of a recycled segment, those of a record that was begun. */
  readonly tornBytes: number;
}

/**
 * The whole records of a segment in order, and the holes between them. Every record is checked; one record's memory
 * is the bound. What follows a damaged record is found again: a record's header says its position, so that it cannot be
 * taken for another.
 *
 * Invariant: the positions of records and holes go from `firstPosition` to the end without a gap.
 */
export async function* scanSegment(segment: ScannedSegment): AsyncGenerator<LogRecord | LogHole, SegmentEnd> {
  const { file, path, firstPosition } = segment;
  const window = new FileWindow(file, segment.isReused);
  const size = await file.size();
  const positionOf = (offset: number): bigint => firstPosition + BigInt(offset - SEGMENT_HEADER_BYTES);
  const limit = segment.end === undefined ? size : Math.min(size, offsetOf(segment.end, firstPosition));
  const hole = (from: number, to: bigint, what: string): LogHole => {
    const reason = `${what}: ${path}, from byte ${from}`;
    return { kind: 'hole', from: positionOf(from), to, reason };
  };
  let offset = SEGMENT_HEADER_BYTES;
  while (offset < limit) {
    const header = await headerAt(segment, window, offset, limit);
    if (header === undefined) {
      const next = await findRecord(segment, offset + RECORD_ALIGNMENT, limit);
      if (next === undefined) break;
      yield hole(offset, positionOf(next), 'there is no record');
      offset = next;
      continue;
    }
    const end = offset + recordBytes(header.payloadBytes);
    const payload = await window.read(offset + RECORD_HEADER_BYTES, header.payloadBytes);
    if (crc32c(payload) === header.payloadCrc) {
      yield { kind: 'record', position: header.position, end: positionOf(end), payload };
    } else {
      // Behind a write that was under way there is no other; in a segment that was not recycled, it would not reach so far.
      const isTorn = segment.isRecycled && segment.end === undefined;
      if (isTorn && (await findRecord(segment, end, limit)) === undefined)
        return { end: header.position, tornBytes: end - offset };
      yield hole(offset, positionOf(end), 'the checksum of a record is wrong');
    }
    offset = end;
  }
  const reached = positionOf(offset);
  if (segment.end === undefined)
    return { end: reached, tornBytes: segment.isRecycled ? 0 : await tornBytes(window, offset, size) };
  if (reached < segment.end) yield hole(offset, segment.end, 'the segment ends too early');
  return { end: segment.end, tornBytes: 0 };
}

/** The offset of a position in the segment; of one before it, that of its first record. */
function offsetOf(position: bigint, firstPosition: bigint): number {
  return position <= firstPosition
    ? SEGMENT_HEADER_BYTES
    : SEGMENT_HEADER_BYTES + Number(position - firstPosition);
}

/** The header at the offset, if it is one of a record that belongs there and lies before the limit. */
async function headerAt(
  { firstPosition, logCrc }: ScannedSegment,
  window: FileWindow,
  offset: number,
  limit: number,
): Promise<RecordHeader | undefined> {
  const header = readRecordHeader(await window.read(offset, RECORD_HEADER_BYTES), 0, logCrc);
  if (header === undefined) return undefined;
  if (header.position !== firstPosition + BigInt(offset - SEGMENT_HEADER_BYTES)) return undefined;
  return offset + RECORD_HEADER_BYTES + header.payloadBytes <= limit ? header : undefined;
}

/** The offset of the next record at or behind `from`. */
async function findRecord(segment: ScannedSegment, from: number, limit: number): Promise<number | undefined> {
  const pieces = new FileWindow(segment.file);
  const headers = new FileWindow(segment.file);
  for (let start = from; start < limit;) {
    const bytes = await pieces.read(start, READ_BYTES);
    for (let at = bytes.indexOf(RECORD_MAGIC); at >= 0; at = bytes.indexOf(RECORD_MAGIC, at + 1)) {
      const offset = start + at;
      if (offset % RECORD_ALIGNMENT === 0 && (await headerAt(segment, headers, offset, limit))) return offset;
    }
    // A magic that lies across two pieces is in the next one: pieces overlap.
    start += Math.max(1, bytes.length - RECORD_MAGIC.length + 1);
    if (bytes.length < READ_BYTES) return undefined;
  }
  return undefined;
}

async function tornBytes(window: FileWindow, from: number, size: number): Promise<number> {
  for (let start = from; start < size; start += READ_BYTES) {
    const bytes = await window.read(start, Math.min(READ_BYTES, size - start));
    if (bytes.some((byte) => byte !== 0)) return size - from;
  }
  return 0;
}
