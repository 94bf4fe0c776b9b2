import { decodeLogRow, WireError } from '@joblet/wire';
import type { FileSnapshot } from './file-snapshot.js';
import {
  HEADER_BYTES_MAX,
  inflatePart,
  inflateWhole,
  MAGIC,
  parseHeader,
  trailerMatches,
  TRAILER_BYTES,
  type MemberHeader,
} from './gzip-member.js';
import { InflatedRange } from './inflate-stream.js';
import { CANDIDATE_READ_BYTES, READ_AHEAD_BYTES, WHOLE_TEXT_BYTES_MAX, ZEROS_TRIED_BYTES } from './limits.js';
import type { ByteRange, TextPieces } from './member.js';
import { rowPieces } from './row-pieces.js';
import { hasZeroRun, zeroTailStart } from './zero-runs.js';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
/** What a sync flush leaves at its end: a member of the older Go generation ends with it, without trailer. */
const SYNC_FLUSH_END = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The position of the first member that begins in the range, or the end of the range. */
export async function findMember(file: FileSnapshot, { start, end }: ByteRange): Promise<number> {
  for (let pos = start; pos < end;) {
    const bytes = await file.read(pos, Math.min(READ_AHEAD_BYTES, end - pos));
    const found = bytes.indexOf(MAGIC);
    if (found < 0) {
      if (pos + bytes.length >= end) break;
      pos += bytes.length - (MAGIC.length - 1);
    } else {
      pos += found;
      if (await isMember(file, pos)) return pos;
      pos++;
    }
  }
  return end;
}

/** A candidate for a header counts only if it inflates to a row or to an empty member. */
export async function isMember(file: FileSnapshot, pos: number): Promise<boolean> {
  const header = parseHeader(await file.read(pos, HEADER_BYTES_MAX));
  if (!header) return false;
  if (header.extra) return true;
  let began = false;
  for (const length of CANDIDATE_READ_BYTES) {
    const bytes = await file.read(pos + header.headerBytes, length);
    const whole = await inflateWhole(bytes, WHOLE_TEXT_BYTES_MAX);
    if (whole === 'broken') return false;
    const inflated = typeof whole === 'string' ? await inflatePart(bytes) : whole;
    if (!inflated) return false;
    const { text, bodyBytes } = inflated;
    if (text.length === 0 && typeof whole !== 'string') {
      const trailer = bytes.subarray(bodyBytes, bodyBytes + TRAILER_BYTES);
      return trailer.length === TRAILER_BYTES && trailerMatches(trailer, 0, 0);
    }
    const rowEnd = text.indexOf(NEWLINE);
    if (rowEnd >= 0) return isRow(text, 0, rowEnd);
    if (text.length > 0 && text[0] !== OPEN_BRACE) return false;
    // A whole member whose only row lacks its newline.
    if (typeof whole !== 'string') return isRow(text, 0, text.length);
    began = text.length > 0;
  }
  // A first row longer than all that was looked at: it began as one.
  return began;
}

function isRow(text: Buffer, start: number, end: number): boolean {
  try {
    // The keys of a log row are optional, and unknown keys are stepped over: a metric row passes as well.
    decodeLogRow(text, start, end);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

export interface Salvaged {
  /** Complete rows. */
  readonly text: TextPieces;
  readonly textBytes: number;
  /** Nothing is missing: the member only has no trailer, as the older Go generation writes it. */
  readonly complete: boolean;
}

/**
 * The complete rows of the member at `start` if it was cut short by the end of the file or by the member at `end`, or
 * goes over into zeros there; undefined if it is damaged inside: then none of its rows can be trusted, as there is no
 * checksum to tell which.
 */
export async function salvage(
  file: FileSnapshot,
  { start, end }: ByteRange,
  header: MemberHeader,
): Promise<Salvaged | undefined> {
  const bodyStart = start + header.headerBytes;
  // What looked like a header goes over into the next member.
  if (bodyStart > end) return undefined;
  if (header.extra && end >= bodyStart + header.extra.bodyBytes + TRAILER_BYTES) return undefined;
  const body = { start: bodyStart, end: await zeroTailStart(file, { start: bodyStart, end }) };
  if (await hasZeroRun(file, body)) return undefined;
  if (body.end < end && (await endsBefore(file, bodyStart, end, body.end + ZEROS_TRIED_BYTES)))
    return undefined;
  let textBytes = 0;
  let isCut = false;
  const inflated = new InflatedRange(file, body);
  for await (const piece of rowPieces(inflated)) {
    const rowsEnd = piece.lastIndexOf(NEWLINE) + 1;
    if (!hasOnlyRows(piece, rowsEnd)) return undefined;
    textBytes += rowsEnd;
    isCut = rowsEnd < piece.length;
  }
  if (!inflated.end || inflated.end.broken) return undefined;
  // The deflate stream ended and the whole trailer is there: its checksum was wrong.
  if (body.end - (bodyStart + inflated.end.bodyBytes) >= TRAILER_BYTES) return undefined;
  const flushed = await file.read(end - SYNC_FLUSH_END.length, SYNC_FLUSH_END.length);
  return {
    text: firstBytes(rowPieces(new InflatedRange(file, body)), textBytes),
    textBytes,
    complete: !isCut && flushed.equals(SYNC_FLUSH_END),
  };
}

/** Whether a deflate stream ends before the zeros do that follow on it: then it was whole, and its trailer is lost. */
async function endsBefore(file: FileSnapshot, start: number, end: number, tried: number): Promise<boolean> {
  const range = { start, end: Math.min(end, tried) };
  const inflated = new InflatedRange(file, range);
  for await (const piece of inflated) void piece;
  const last = inflated.end;
  return last !== undefined && !last.broken && start + last.bodyBytes < range.end;
}

function hasOnlyRows(text: Buffer, end: number): boolean {
  for (let pos = 0; pos < end;) {
    const newline = text.indexOf(NEWLINE, pos);
    if (!isRow(text, pos, newline)) return false;
    pos = newline + 1;
  }
  return true;
}

async function* firstBytes(pieces: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const piece of pieces) {
    if (left === 0) return;
    yield piece.subarray(0, left);
    left -= Math.min(left, piece.length);
  }
}
