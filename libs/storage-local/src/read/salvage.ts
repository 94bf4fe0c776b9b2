import type { FileSnapshot } from './file-snapshot.js';
import { TRAILER_BYTES, type MemberHeader } from '../format/gzip-member.js';
import { InflatedRange } from './inflate-stream.js';
import { ZEROS_TRIED_BYTES } from '../limits.js';
import type { ByteRange, TextPieces } from './member.js';
import { isRow } from './row-kind.js';
import { rowPieces } from './row-pieces.js';
import type { Checkpoint } from './turns.js';
import { hasZeroRun, hasZeroSector, zeroTailStart } from './zero-runs.js';

const NEWLINE = 0x0a;
/** What a sync flush leaves at its end: a member of the older Go generation ends with it, without trailer. */
const SYNC_FLUSH_END = Buffer.from([0x00, 0x00, 0xff, 0xff]);

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
  checkpoint: Checkpoint,
): Promise<Salvaged | undefined> {
  const bodyStart = start + header.headerBytes;
  // What looked like a header goes over into the next member.
  if (bodyStart > end) return undefined;
  if (header.extra && end >= bodyStart + header.extra.bodyBytes + TRAILER_BYTES) return undefined;
  const body = { start: bodyStart, end: await zeroTailStart(file, { start: bodyStart, end }) };
  if (await hasZeroSector(file, body)) return undefined;
  if (body.end < end && (await endsBefore(file, bodyStart, end, body.end + ZEROS_TRIED_BYTES)))
    return undefined;
  let textBytes = 0;
  let isCut = false;
  const inflated = new InflatedRange(file, body);
  for await (const piece of rowPieces(inflated)) {
    await checkpoint();
    const rowsEnd = piece.lastIndexOf(NEWLINE) + 1;
    if (!hasOnlyRows(piece, rowsEnd)) return undefined;
    textBytes += rowsEnd;
    isCut = rowsEnd < piece.length;
  }
  if (!inflated.end || inflated.end.broken) return undefined;
  // The deflate stream ended and the whole trailer is there: its checksum was wrong.
  if (body.end - (bodyStart + inflated.end.bodyBytes) >= TRAILER_BYTES) return undefined;
  const flushed = await file.read(end - SYNC_FLUSH_END.length, SYNC_FLUSH_END.length);
  const complete = !isCut && flushed.equals(SYNC_FLUSH_END);
  // Rows that repeat one character for long compress to zeros as well: nothing else speaks against those.
  if (!complete && (await hasZeroRun(file, body))) return undefined;
  return {
    text: firstBytes(rowPieces(new InflatedRange(file, body)), textBytes),
    textBytes,
    complete,
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
