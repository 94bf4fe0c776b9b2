import { WireError, type StoredLogRow } from '@joblet/wire';
import { MEMBER_ROWS_MAX, MEMBER_TEXT_BYTES_MAX, ORDINAL_MAX, ROW_TEXT_BYTES_MAX } from '../limits.js';
import type { ByteRange } from './member.js';
import { LOGS } from './row-kind.js';
import type { Checkpoint } from './turns.js';

const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
/** How a row begins. Inside of content its quotes would be escaped. */
const ROW_START = Buffer.from('{"job_');
/** Lines that are looked at for each time that others may get a turn. */
const LINES_PER_CHECKPOINT = 16;

/** Whole lines that are rows, as many as a member has at the most, all with ordinals, which ascend, or all without. */
export interface PlainRows extends ByteRange {
  readonly kind: 'rows';
  readonly rows: number;
  /** Undefined: they have none, somebody else has written them. */
  readonly ordinals: BigUint64Array | undefined;
  /** 0n for metrics. */
  readonly contentBytes: bigint;
  /** Unix nanoseconds. */
  readonly timeMin: bigint;
  readonly timeMax: bigint;
  /** False: it is one row, the last line of the file, and lacks its newline. */
  readonly isEnded: boolean;
}

/** Bytes that are no row. */
export interface PlainDamage extends ByteRange {
  readonly kind: 'damage';
}

/** Bytes of a file; fewer than asked for at its end. */
export interface PlainBytes {
  readonly size: number;
  read(offset: number, length: number): Promise<Buffer>;
}

interface Line extends ByteRange {
  readonly row: StoredLogRow | undefined;
  readonly isEnded: boolean;
}

/**
 * What a plain file has from `start` on: rows, and what is none. Empty lines are in neither. What comes out depends on nothing that is
 * before `start`.
 */
export async function* scanPlain(
  file: PlainBytes,
  start: number,
  checkpoint: Checkpoint,
): AsyncGenerator<PlainRows | PlainDamage> {
  let draft: Draft | undefined;
  let damage: PlainDamage | undefined;
  for await (const { start: lineStart, end, row, isEnded } of linesOf(file, start, checkpoint)) {
    if (!row) {
      if (draft) yield draft.rows();
      draft = undefined;
      if (damage?.end === lineStart) damage = { ...damage, end };
      else {
        if (damage) yield damage;
        damage = { kind: 'damage', start: lineStart, end };
      }
      continue;
    }
    if (damage) yield damage;
    damage = undefined;
    // The next append ends it: whoever counts on it has to know which row it is.
    if (draft && (!isEnded || !draft.takes(row, lineStart, end))) {
      yield draft.rows();
      draft = undefined;
    }
    draft ??= new Draft(lineStart, row);
    draft.add(row, end);
    draft.isEnded = isEnded;
  }
  if (damage) yield damage;
  if (draft) yield draft.rows();
}

class Draft {
  isEnded = true;
  private readonly start: number;
  private end: number;
  private readonly ordinals: bigint[] | undefined;
  private count = 0;
  private contentBytes = 0;
  private timeMin: bigint;
  private timeMax: bigint;

  constructor(start: number, { ordinal, timestamp }: StoredLogRow) {
    this.start = start;
    this.end = start;
    this.ordinals = ordinal === undefined ? undefined : [];
    this.timeMin = this.timeMax = timestamp;
  }

  takes({ ordinal }: StoredLogRow, start: number, end: number): boolean {
    if (start !== this.end || end - this.start > MEMBER_TEXT_BYTES_MAX || this.count >= MEMBER_ROWS_MAX) {
      return false;
    }
    const last = this.ordinals?.at(-1);
    return last === undefined ? ordinal === undefined : ordinal !== undefined && ordinal > last;
  }

  add({ ordinal, timestamp, content }: StoredLogRow, end: number): void {
    if (ordinal !== undefined) this.ordinals?.push(ordinal);
    if (timestamp < this.timeMin) this.timeMin = timestamp;
    if (timestamp > this.timeMax) this.timeMax = timestamp;
    this.contentBytes += content.length;
    this.count++;
    this.end = end;
  }

  rows(): PlainRows {
    const { start, end, count, timeMin, timeMax, isEnded } = this;
    const ordinals = this.ordinals && BigUint64Array.from(this.ordinals);
    const contentBytes = BigInt(this.contentBytes);
    return { kind: 'rows', start, end, rows: count, ordinals, contentBytes, timeMin, timeMax, isEnded };
  }
}

/** Each line, with its newline, that is not empty. */
async function* linesOf(file: PlainBytes, start: number, checkpoint: Checkpoint): AsyncGenerator<Line> {
  let lines = 0;
  for (let pos = start; pos < file.size;) {
    if (lines++ % LINES_PER_CHECKPOINT === 0) await checkpoint();
    const end = await lineEnd(file, pos, checkpoint);
    const text = end === undefined ? undefined : await file.read(pos, end - pos);
    if (!text) {
      const next = await newlineFrom(file, pos, checkpoint);
      yield { start: pos, end: next, row: undefined, isEnded: true };
      pos = next;
      continue;
    }
    const isEnded = text[text.length - 1] === NEWLINE;
    const textEnd = isEnded ? text.length - 1 : text.length;
    if (textEnd > 0) {
      const row = decode(text, 0, textEnd);
      const at = row ? 0 : lastRowStart(text, textEnd);
      const rest = at > 0 ? decode(text, at, textEnd) : undefined;
      if (rest) {
        // A row that was cut short, and one that was written behind it.
        yield { start: pos, end: pos + at, row: undefined, isEnded };
        yield { start: pos + at, end: pos + text.length, row: rest, isEnded };
      } else yield { start: pos, end: pos + text.length, row, isEnded };
    }
    pos += text.length;
  }
}

const FIRST_READ_BYTES = 4_096;

/** Where the line ends that begins at `pos`; undefined: it is no row, however long it is. */
async function lineEnd(file: PlainBytes, pos: number, checkpoint: Checkpoint): Promise<number | undefined> {
  for (let length = FIRST_READ_BYTES; ; length *= 8) {
    const bytes = await file.read(pos, length);
    const newline = bytes.indexOf(NEWLINE);
    if (newline >= 0) return pos + newline + 1;
    if (pos + bytes.length >= file.size) return pos + bytes.length;
    // No row has a zero in it: pages of them are not held in memory.
    if (bytes[0] !== OPEN_BRACE || bytes.includes(0) || length > ROW_TEXT_BYTES_MAX) return undefined;
    await checkpoint();
  }
}

/** Behind the next newline, or the end of the file; up to the first row in it when there is one behind zeros. */
async function newlineFrom(file: PlainBytes, pos: number, checkpoint: Checkpoint): Promise<number> {
  for (let at = pos; at < file.size;) {
    await checkpoint();
    const bytes = await file.read(at, FIRST_READ_BYTES);
    const newline = bytes.indexOf(NEWLINE);
    const line = newline < 0 ? bytes : bytes.subarray(0, newline);
    const row = line.indexOf(ROW_START, at === pos ? 1 : 0);
    if (row >= 0) return at + row;
    if (newline >= 0) return at + newline + 1;
    // The beginning of a row is not stepped over.
    const isLast = at + bytes.length >= file.size;
    at += isLast ? bytes.length : bytes.length - (ROW_START.length - 1);
  }
  return file.size;
}

/** Where the last row can begin in a line that as a whole is none; 0: nowhere. */
function lastRowStart(text: Buffer, end: number): number {
  return Math.max(text.subarray(0, end).lastIndexOf(ROW_START), 0);
}

/** Undefined when it is no row. */
function decode(text: Buffer, start: number, end: number): StoredLogRow | undefined {
  if (text[start] !== OPEN_BRACE) return undefined;
  try {
    const row = LOGS.decode(text, start, end);
    return row.ordinal !== undefined && row.ordinal > ORDINAL_MAX ? undefined : row;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
