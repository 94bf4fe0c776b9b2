import type { FileSnapshot } from './file-snapshot.js';
import { findMember } from './find-member.js';
import { HEADER_BYTES_MAX, parseHeader, type MemberHeader } from '../format/gzip-member.js';
import { MEMBER_ROWS_MAX } from '../limits.js';
import type { ByteRange, Damage, Member, ScanOptions } from './member.js';
import { scanMembers, trustedEnd } from './member-scanner.js';
import type { Checkpoint } from './turns.js';

const NEWLINE = 0x0a;

/** A member of ours whose header is right, whatever its rows are. */
export interface NumberedSegment extends ByteRange {
  readonly kind: 'numbered';
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
}

/** A member of ours that has lost its ordinals. */
export interface NamelessSegment extends ByteRange {
  readonly kind: 'nameless';
  readonly rows: number;
}

/** One or more members that are not ours. */
export interface ForeignSegment extends ByteRange {
  readonly kind: 'foreign';
}

export type Segment = NumberedSegment | NamelessSegment | ForeignSegment | Damage;

/** A file as it should be: what the Go service wrote, then members of ours in the order of their ordinals. */
export interface PlainFile {
  /** Where the first member of ours is; the end of the file if there is none. */
  readonly foreignEnd: number;
  readonly firstOrdinal: bigint | undefined;
  /** -1n: none. */
  readonly lastOrdinal: bigint;
}

/** Looks at the headers only. Undefined when they are not all there, or not in order. */
export async function plainFile(file: FileSnapshot, checkpoint: Checkpoint): Promise<PlainFile | undefined> {
  const foreignEnd = await findMember(
    file,
    { start: 0, end: file.size },
    checkpoint,
    ({ hasExtraField }) => hasExtraField,
  );
  let firstOrdinal: bigint | undefined;
  let lastOrdinal = -1n;
  for (let pos = foreignEnd; pos < file.size;) {
    await checkpoint();
    const numbered = await numberedAt(file, pos);
    if (!numbered || numbered.firstOrdinal <= lastOrdinal) return undefined;
    firstOrdinal ??= numbered.firstOrdinal;
    lastOrdinal = numbered.lastOrdinal;
    pos = numbered.end;
  }
  return { foreignEnd, firstOrdinal, lastOrdinal };
}

/** The parts of a file that is not as it should be. Invariant: each byte is in exactly one segment. */
export async function fileSegments(file: FileSnapshot, options: ScanOptions): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (let pos = 0; pos < file.size;) {
    await options.checkpoint();
    const numbered = await numberedAt(file, pos);
    if (numbered) {
      segments.push(numbered);
      pos = numbered.end;
      continue;
    }
    const header = parseHeader(await file.read(pos, HEADER_BYTES_MAX));
    const rest = { start: pos, end: file.size };
    // The Go service's part may be all of a large file: what it has is seen when its rows are read.
    const isGoPart = pos === 0 && header !== undefined && !header.hasExtraField;
    const isNext = ({ extra, hasExtraField }: MemberHeader) =>
      isGoPart ? hasExtraField : extra !== undefined;
    const end = await findMember(file, { ...rest, start: pos + 1 }, options.checkpoint, isNext);
    if (isGoPart) segments.push({ kind: 'foreign', start: pos, end });
    else
      for await (const segment of scannedSegments(file, { start: pos, end }, options)) segments.push(segment);
    pos = end;
  }
  return segments;
}

/** The member of ours at `pos` if its header is right and it ends where the next begins. */
async function numberedAt(file: FileSnapshot, pos: number): Promise<NumberedSegment | undefined> {
  const header = parseHeader(await file.read(pos, HEADER_BYTES_MAX));
  const end = header && (await trustedEnd(file, pos, header, file.size));
  return header?.extra && end !== undefined ? numberedSegment(header.extra, { start: pos, end }) : undefined;
}

function numberedSegment(
  { ordinals }: { ordinals: BigUint64Array },
  { start, end }: ByteRange,
): NumberedSegment {
  const [firstOrdinal] = ordinals;
  return { kind: 'numbered', start, end, firstOrdinal, lastOrdinal: ordinals[ordinals.length - 1] };
}

/** As `scanMembers`; the rows and the damage of a member that was cut are one segment. */
async function* scannedSegments(
  file: FileSnapshot,
  range: ByteRange,
  options: ScanOptions,
): AsyncGenerator<Segment> {
  let memberStart = -1;
  for await (const item of scanMembers(file, range, options)) {
    const header = parseHeader(await file.read(item.start, HEADER_BYTES_MAX));
    if (item.start === memberStart) continue;
    memberStart = item.start;
    if (header?.extra) yield numberedSegment(header.extra, item);
    else if (item.kind === 'damage') yield item;
    else if (!item.hasExtraField) yield { kind: 'foreign', start: item.start, end: item.end };
    else {
      const rows = await countRows(item, options.checkpoint);
      const { start, end } = item;
      // One with more rows than a member of ours can have is somebody else's.
      yield rows > MEMBER_ROWS_MAX ? { kind: 'foreign', start, end } : { kind: 'nameless', start, end, rows };
    }
  }
}

async function countRows({ text = [] }: Member, checkpoint: Checkpoint): Promise<number> {
  let rows = 0;
  for await (const piece of text) {
    await checkpoint();
    for (let pos = 0; pos < piece.length; rows++) pos = piece.indexOf(NEWLINE, pos) + 1 || piece.length;
  }
  return rows;
}
