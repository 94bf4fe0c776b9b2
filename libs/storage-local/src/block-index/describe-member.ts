import { crc32 } from 'node:zlib';
import { crc32c } from '@joblet/wal';
import { WireError } from '@joblet/wire';
import type { BlockRows } from '../block/block-rows.js';
import {
  HEADER_BYTES_MAX,
  inflateWhole,
  parseHeader,
  TRAILER_BYTES,
  trailerMatches,
} from '../format/gzip-member.js';
import type { MemberExtra } from '../format/member-extra.js';
import { WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import type { FileVersion } from '../read/byte-source.js';
import { LOGS, METRICS, type RowKind, type StoredRow } from '../read/row-kind.js';
import type { IndexedFile } from './block-index.js';
import { describeLogs, describeMetrics } from './describe-block.js';
import type { EntryView, IndexedBlock } from './index-layout.js';

/** What the index reads of a data file: its first `size` bytes. */
export interface DataBytes {
  readonly size: number;
  readonly version?: FileVersion | undefined;
  /** Fewer bytes at the end of the file. */
  read(offset: number, length: number): Promise<Buffer>;
}

const NEWLINE = 0x0a;

/**
 * Whether the member at the entry's place is the one that was indexed: its header says the same, and its bytes have the same checksum, or
 * are damaged. One that is right and has another checksum is of another time.
 */
export async function matchesMember(entry: EntryView, data: DataBytes): Promise<boolean> {
  const { offset, length } = entry;
  const bytes = await data.read(offset, length);
  const header = parseHeader(bytes);
  if (!header?.extra) return false;
  const { headerBytes, extra } = header;
  const { bodyBytes, contentBytes, timeMin, timeMax, ordinals } = extra;
  const isSame =
    length === headerBytes + bodyBytes + TRAILER_BYTES &&
    entry.rows === ordinals.length &&
    entry.firstOrdinal === ordinals[0] &&
    entry.lastOrdinal === ordinals[ordinals.length - 1] &&
    entry.timeMin === timeMin &&
    entry.timeMax === timeMax &&
    entry.contentBytes === contentBytes;
  if (!isSame || bytes.length < length) return false;
  if (crc32c(bytes) === entry.memberCrc32c) return true;
  const inflated = await inflateWhole(bytes.subarray(headerBytes), WHOLE_TEXT_BYTES_MAX);
  if (typeof inflated === 'string') return true;
  const { text } = inflated;
  return !trailerMatches(bytes.subarray(-TRAILER_BYTES), crc32(text), text.length);
}

/**
 * What the index says of the member at `offset`, from the member itself. Undefined when it is damaged, cut, another's, or
 * anything but what this store writes for this file: such files are not indexed, but read.
 */
export async function describeMember(
  file: IndexedFile,
  data: DataBytes,
  offset: number,
): Promise<IndexedBlock | undefined> {
  const header = parseHeader(await data.read(offset, HEADER_BYTES_MAX));
  if (!header?.extra) return undefined;
  const { headerBytes, extra } = header;
  const length = headerBytes + extra.bodyBytes + TRAILER_BYTES;
  if (offset + length > data.size) return undefined;
  const member = await data.read(offset, length);
  const body = member.subarray(headerBytes, -TRAILER_BYTES);
  const inflated = await inflateWhole(body, WHOLE_TEXT_BYTES_MAX);
  if (typeof inflated === 'string' || inflated.bodyBytes !== body.length) return undefined;
  const { text } = inflated;
  if (!trailerMatches(member.subarray(-TRAILER_BYTES), crc32(text), text.length)) return undefined;
  const rows =
    file.stream === 0 ? decodeRows(METRICS, file, text, extra) : decodeRows(LOGS, file, text, extra);
  if (rows === undefined) return undefined;
  const picked = Uint32Array.from(rows.starts.keys());
  const { summary, filter } = file.stream === 0 ? describeMetrics(rows, picked) : describeLogs(rows, picked);
  const { contentBytes, timeMin, timeMax } = extra;
  const isAsSaid =
    summary.contentBytes === contentBytes && summary.timeMin === timeMin && summary.timeMax === timeMax;
  return isAsSaid
    ? { offset, length, summary: { ...summary, memberCrc32c: crc32c(member) }, filter }
    : undefined;
}

/** The rows in their wire form; undefined unless each is a row of this file, and there is one for each ordinal. */
export function decodeRows<Row extends StoredRow>(
  kind: RowKind<Row, unknown>,
  { jobId, stream }: IndexedFile,
  text: Buffer,
  { ordinals }: Pick<MemberExtra, 'ordinals'>,
): BlockRows | undefined {
  const starts = new Uint32Array(ordinals.length);
  const ends = new Uint32Array(ordinals.length);
  const timestamps = new BigInt64Array(ordinals.length);
  const encoded: Uint8Array[] = [];
  let at = 0;
  let pos = 0;
  try {
    for (; pos < text.length && encoded.length < ordinals.length;) {
      const newline = text.indexOf(NEWLINE, pos);
      if (newline < 0) return undefined;
      const row = kind.decode(text, pos, newline);
      if (row.gap || row.jobId !== jobId || !kind.isOfStream(row, stream)) return undefined;
      const index = encoded.length;
      const bytes = kind.encode(row);
      encoded.push(bytes);
      timestamps[index] = row.timestamp;
      starts[index] = at;
      ends[index] = at += bytes.length;
      pos = newline + 1;
    }
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
  if (pos !== text.length || encoded.length !== ordinals.length) return undefined;
  return { bytes: Buffer.concat(encoded), starts, ends, timestamps, ordinals };
}
