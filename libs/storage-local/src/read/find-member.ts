import type { FileSnapshot } from './file-snapshot.js';
import {
  HEADER_BYTES_MAX,
  inflateStart,
  inflateWhole,
  MAGIC,
  parseHeader,
  trailerMatches,
  TRAILER_BYTES,
  type MemberHeader,
} from '../format/gzip-member.js';
import { CANDIDATE_READ_BYTES, CANDIDATE_TEXT_BYTES_MAX } from '../limits.js';
import type { ByteRange } from './member.js';
import type { Checkpoint } from './turns.js';
import { isRow } from './row-kind.js';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;

/** The position of the first member that begins in the range and has such a header, or the end of the range. */
export async function findMember(
  file: FileSnapshot,
  { start, end }: ByteRange,
  checkpoint: Checkpoint,
  isWanted: (header: MemberHeader) => boolean = () => true,
): Promise<number> {
  for (let pos = start; pos < end;) {
    await checkpoint();
    const bytes = (await file.readSome(pos, MAGIC.length)).subarray(0, end - pos);
    let found = -1;
    while ((found = bytes.indexOf(MAGIC, found + 1)) >= 0) {
      await checkpoint();
      const header = parseHeader(await file.read(pos + found, HEADER_BYTES_MAX));
      if (header && isWanted(header) && (await isMember(file, pos + found, header))) return pos + found;
    }
    // Of what may be the beginning of a magic number, nothing is stepped over.
    pos += Math.max(bytes.length - (MAGIC.length - 1), 1);
  }
  return end;
}

/** A candidate for a header counts only if it inflates to a row or to an empty member. */
async function isMember(file: FileSnapshot, pos: number, header: MemberHeader): Promise<boolean> {
  if (header.extra) return true;
  let began = false;
  for (const length of CANDIDATE_READ_BYTES) {
    const bytes = await file.read(pos + header.headerBytes, length);
    const whole = await inflateWhole(bytes, CANDIDATE_TEXT_BYTES_MAX);
    if (whole === 'broken') return false;
    if (typeof whole !== 'string' && whole.text.length === 0) {
      const trailer = bytes.subarray(whole.bodyBytes, whole.bodyBytes + TRAILER_BYTES);
      return trailer.length === TRAILER_BYTES && trailerMatches(trailer, 0, 0);
    }
    const text =
      typeof whole === 'string' ? await inflateStart(bytes, NEWLINE, CANDIDATE_TEXT_BYTES_MAX) : whole.text;
    if (!text) return false;
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
