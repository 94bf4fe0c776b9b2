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
import { CANDIDATE_READ_BYTES, READ_AHEAD_BYTES, ZERO_RUN_BYTES } from './limits.js';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
const ZEROS = Buffer.alloc(ZERO_RUN_BYTES);
/** What a sync flush leaves at its end: a member of the older Go generation ends with it, without trailer. */
const SYNC_FLUSH_END = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/** The position of the first member at or behind `from`, or the end of the file. */
export async function findMember(file: FileSnapshot, from: number): Promise<number> {
  for (let pos = from; pos < file.size;) {
    const bytes = await file.read(pos, READ_AHEAD_BYTES);
    const found = bytes.indexOf(MAGIC);
    if (found < 0) {
      if (pos + bytes.length >= file.size) break;
      pos += bytes.length - (MAGIC.length - 1);
    } else {
      pos += found;
      if (await isMember(file, pos)) return pos;
      pos++;
    }
  }
  return file.size;
}

/** A candidate for a header counts only if it inflates to a row or to an empty member. */
async function isMember(file: FileSnapshot, pos: number): Promise<boolean> {
  const header = parseHeader(await file.read(pos, HEADER_BYTES_MAX), 0);
  if (!header) return false;
  if (header.extra) return true;
  let began = false;
  for (const length of CANDIDATE_READ_BYTES) {
    const bytes = await file.read(pos + header.headerBytes, length);
    const whole = await inflateWhole(bytes);
    if (whole === 'broken') return false;
    const inflated = whole === 'cut' ? await inflatePart(bytes) : whole;
    if (!inflated) return false;
    const { text, bodyBytes } = inflated;
    if (text.length === 0 && whole !== 'cut') {
      return bytes.length - bodyBytes >= TRAILER_BYTES && trailerMatches(bytes, bodyBytes, text);
    }
    const rowEnd = text.indexOf(NEWLINE);
    if (rowEnd >= 0) return isRow(text, rowEnd);
    if (text.length > 0 && text[0] !== OPEN_BRACE) return false;
    began = text.length > 0;
  }
  // A first row longer than all that was looked at: it began as one.
  return began;
}

function isRow(text: Buffer, end: number): boolean {
  try {
    // The keys of a log row are optional, and unknown keys are stepped over: a metric row passes as well.
    decodeLogRow(text, 0, end);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}

export interface Salvaged {
  /** Complete rows. */
  readonly text: Buffer;
  /** Nothing is missing: the member only has no trailer, as the older Go generation writes it. */
  readonly complete: boolean;
}

/**
 * The complete rows of the member at `pos` if it was cut short by the end of the file or by the member at `next`;
 * undefined if it is damaged inside: then none of its rows can be trusted.
 */
export async function salvage(
  file: FileSnapshot,
  pos: number,
  header: MemberHeader,
  next: number,
): Promise<Salvaged | undefined> {
  const bodyStart = pos + header.headerBytes;
  if (header.extra && next >= bodyStart + header.extra.bodyBytes + TRAILER_BYTES) return undefined;
  const bytes = await file.read(bodyStart, next - bodyStart);
  if (bytes.includes(ZEROS)) return undefined;
  const inflated = await inflatePart(bytes);
  if (!inflated) return undefined;
  const behind = bytes.length - inflated.bodyBytes;
  // The deflate stream ended and the whole trailer is there: its checksum was wrong.
  if (behind >= TRAILER_BYTES) return undefined;
  const text = inflated.text.subarray(0, inflated.text.lastIndexOf(NEWLINE) + 1);
  const complete =
    text.length === inflated.text.length && bytes.subarray(-SYNC_FLUSH_END.length).equals(SYNC_FLUSH_END);
  return { text, complete };
}
