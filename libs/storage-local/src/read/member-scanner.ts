import { crc32 } from 'node:zlib';
import type { FileSnapshot } from './file-snapshot.js';
import { findMember } from './find-member.js';
import { isPlainFile } from '../format/file-names.js';
import {
  HEADER_BYTES_MAX,
  inflateWhole,
  parseHeader,
  trailerMatches,
  TRAILER_BYTES,
  type MemberHeader,
} from '../format/gzip-member.js';
import { InflatedRange } from './inflate-stream.js';
import { MEMBER_TRY_BYTES, READ_AHEAD_BYTES } from '../limits.js';
import type { ByteRange, Damage, Member, ScanOptions, TextPieces } from './member.js';
import { rowPieces } from './row-pieces.js';
import type { Checkpoint } from './turns.js';
import { salvage } from './salvage.js';

/**
 * The members of a part of a file in order, and where it is damaged. Resynchronises on the next member after a damage.
 * Invariant: each byte of the range is in exactly one member or damage.
 */
export async function* scanMembers(
  file: FileSnapshot,
  range: ByteRange,
  options: ScanOptions,
): AsyncGenerator<Member | Damage> {
  let pos = range.start;
  while (pos < range.end) {
    await options.checkpoint();
    const header = parseHeader(await file.read(pos, Math.min(HEADER_BYTES_MAX, range.end - pos)));
    const stepEnd = header && (await trustedEnd(file, pos, header, range.end));
    if (header?.extra && stepEnd !== undefined && !options.wants(header.extra)) {
      yield { kind: 'member', start: pos, end: stepEnd, ...header, text: undefined };
      pos = stepEnd;
      continue;
    }
    const whole = header && (await readWhole(file, { start: pos, end: range.end }, header, options));
    if (header && whole) {
      yield { kind: 'member', start: pos, end: whole.end, ...header, text: whole.text };
      pos = whole.end;
      continue;
    }
    const end = stepEnd ?? (await findMember(file, { start: pos + 1, end: range.end }, options.checkpoint));
    yield* salvageOf(file, { start: pos, end }, header, options.checkpoint);
    pos = end;
  }
}

/** What can be had of a damaged part, which begins with the header if there is one. */
async function* salvageOf(
  file: FileSnapshot,
  part: ByteRange,
  header: MemberHeader | undefined,
  checkpoint: Checkpoint,
): AsyncGenerator<Member | Damage> {
  const saved = header && (await salvage(file, part, header, checkpoint));
  if (saved && saved.textBytes > 0) yield { kind: 'member', ...part, ...header, text: saved.text };
  if (saved?.complete) return;
  const problem = saved
    ? 'a member was cut short'
    : header
      ? 'a member is damaged'
      : isPlainFile(file.path)
        ? 'there is no row'
        : 'there is no gzip member';
  const ordinals = header?.extra?.ordinals;
  const known = ordinals && { firstOrdinal: ordinals[0], lastOrdinal: ordinals[ordinals.length - 1] };
  yield { kind: 'damage', ...part, problem, ...known };
}

/**
 * Where the member at `pos` ends by its own header, if the next one, or the end of the range, is there: then what its
 * header says is right, whatever has become of its rows.
 */
export async function trustedEnd(
  file: FileSnapshot,
  pos: number,
  { headerBytes, extra }: MemberHeader,
  rangeEnd: number,
): Promise<number | undefined> {
  if (!extra) return undefined;
  const end = pos + headerBytes + extra.bodyBytes + TRAILER_BYTES;
  if (end === rangeEnd) return end;
  return end < rangeEnd && parseHeader(await file.read(end, HEADER_BYTES_MAX)) ? end : undefined;
}

interface Whole {
  readonly text: TextPieces;
  readonly end: number;
}

/** The text of the member if it is whole and right, and where it ends. */
async function readWhole(
  file: FileSnapshot,
  { start, end }: ByteRange,
  { headerBytes, extra }: MemberHeader,
  { wholeTextBytesMax, checkpoint }: ScanOptions,
): Promise<Whole | undefined> {
  const bodyStart = start + headerBytes;
  const memberEnd = extra ? bodyStart + extra.bodyBytes + TRAILER_BYTES : end;
  if (memberEnd > end) return undefined;
  const length = memberEnd - bodyStart;
  if (extra === undefined || length <= wholeTextBytesMax) {
    // Of unknown length: what is in memory is mostly enough for a small one.
    for (const least of extra ? [length] : [MEMBER_TRY_BYTES, READ_AHEAD_BYTES]) {
      const bytes = (await file.readSome(bodyStart, Math.min(length, least))).subarray(0, length);
      const inflated = await inflateWhole(bytes, wholeTextBytesMax);
      if (inflated === 'broken') return undefined;
      if (inflated === 'large') break;
      if (inflated !== 'cut' && inflated.bodyBytes + TRAILER_BYTES <= bytes.length) {
        const { text, bodyBytes } = inflated;
        if (extra && bodyBytes !== extra.bodyBytes) return undefined;
        if (!trailerMatches(bytes.subarray(bodyBytes), crc32(text), text.length)) return undefined;
        return { text: [text], end: bodyStart + bodyBytes + TRAILER_BYTES };
      }
      if (bytes.length === length) return undefined;
    }
  }
  return readLarge(file, { start: bodyStart, end: memberEnd }, extra?.bodyBytes, checkpoint);
}

/**
 * As `readWhole`, in bounded memory: the member is inflated twice, because no row may be given before the checksum at
 * its end is known to be right.
 */
async function readLarge(
  file: FileSnapshot,
  body: ByteRange,
  bodyBytes: number | undefined,
  checkpoint: Checkpoint,
): Promise<Whole | undefined> {
  let crc = 0;
  let textBytes = 0;
  const inflated = new InflatedRange(file, body);
  for await (const piece of inflated) {
    await checkpoint();
    crc = crc32(piece, crc);
    textBytes += piece.length;
  }
  const last = inflated.end;
  if (!last || last.broken || (bodyBytes !== undefined && last.bodyBytes !== bodyBytes)) return undefined;
  const trailerStart = body.start + last.bodyBytes;
  const end = trailerStart + TRAILER_BYTES;
  if (end > body.end) return undefined;
  if (!trailerMatches(await file.read(trailerStart, TRAILER_BYTES), crc, textBytes)) return undefined;
  return { text: rowPieces(new InflatedRange(file, { start: body.start, end: trailerStart })), end };
}
