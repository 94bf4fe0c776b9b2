import { setImmediate } from 'node:timers/promises';
import { WireError } from '@joblet/wire';
import { ROWS_DECODED_AT_ONCE, TEXT_DECODED_AT_ONCE_BYTES } from '../limits.js';
import type { MemberExtra } from '../format/member-extra.js';
import type { ItemReader } from './item-reader.js';
import type { ByteRange, Damage, Member, Slot } from './member.js';
import { ProblemQueue, type Problem } from './problem-queue.js';
import { COME_LAST } from './reasons.js';
import type { RowKind, StoredRow } from './row-kind.js';
import type { Checkpoint } from './turns.js';

const NEWLINE = 0x0a;

/** A row to come: without `row` it is one that nobody wants, known by its ordinal only. */
export interface Head<Row> {
  readonly row: Row | undefined;
  /** Absent for rows that have none in the file. */
  readonly ordinal: bigint | undefined;
  /** Whether the row names the job and the stream that the file is of. */
  readonly isOwn: boolean;
  /** Of its member. */
  readonly line: number;
}

export interface SourceOptions {
  readonly jobId: string;
  /** 0 for metrics. */
  readonly stream: number;
  readonly path: string;
  /** As ByteSource tells it. */
  readonly place: (range: ByteRange) => string;
  /** For rows without ordinals that do not fit into their slot; undefined: this source has none, or is that. */
  readonly late?: RowSource<StoredRow> | undefined;
  readonly checkpoint: Checkpoint;
}

/** Rows of one file in the order in which they are to be read, one of them at the head, and what is missing before it. */
export class RowSource<Row extends StoredRow> {
  /** What is missing before the head; whoever reports it takes it away. */
  readonly problems = new ProblemQueue();
  readonly options: SourceOptions;
  /** Rows that were given out, or stepped over with their whole member. */
  readonly totals = { rows: 0n, contentBytes: 0n, timeMin: 0n, timeMax: 0n };
  foreignJobIds = 0;
  /** The highest ordinal that any header names; a hole up to it is a loss. */
  lastOrdinal = -1n;
  private readonly kind: RowKind<Row, unknown>;
  private readonly items: ItemReader;
  private member: Member | undefined;
  private pieces: Iterator<Buffer> | AsyncIterator<Buffer> | undefined;
  private text: Buffer | undefined;
  private textPos = 0;
  private rowOfMember = 0;
  private heads: Head<Row>[] = [];
  private index = 0;
  private isOver = false;
  /** Lines that were decoded without a break. */
  private linesAtOnce = 0;

  constructor(kind: RowKind<Row, unknown>, items: ItemReader, options: SourceOptions) {
    this.kind = kind;
    this.items = items;
    this.options = options;
  }

  /** Undefined at the end, when `fill` has been awaited. */
  get head(): Head<Row> | undefined {
    return this.heads[this.index];
  }

  advance(): void {
    this.index++;
  }

  /** Whether `fill` has something to do before `head` can be read. */
  get empty(): boolean {
    return !this.isOver && this.index >= this.heads.length;
  }

  /** Reads on until there is a head or nothing more. */
  async fill(): Promise<void> {
    while (this.empty) {
      await this.options.checkpoint();
      if (this.text) {
        // A member may be as large as a file: others get a turn between its pieces.
        if (this.linesAtOnce >= ROWS_DECODED_AT_ONCE) {
          await setImmediate();
          this.linesAtOnce = 0;
        }
        this.decodeSome(this.text);
      } else if (this.pieces) {
        const piece = await this.pieces.next();
        if (piece.done) this.pieces = undefined;
        else this.text = piece.value;
        this.textPos = 0;
      } else {
        const next = await this.items.next();
        if (!next) {
          this.isOver = true;
          return;
        }
        if (next.kind === 'damage') this.lose(next);
        else this.start(next);
      }
    }
  }

  /** Of the head, if its ordinal is undefined. */
  get slot(): Slot | undefined {
    return this.items.item.slot;
  }

  /** The slot is used up: the rows of it that are left come behind all others. Then `fill` has to follow. */
  async putOffSlot(): Promise<void> {
    await this.items.putOffFrom(this.member!, this.head!.line);
    await this.pieces?.return?.();
    this.pieces = undefined;
    this.text = undefined;
    this.heads = [];
    this.index = 0;
    this.options.late?.problems.note(`${COME_LAST}: ${this.options.path}`, 0n);
  }

  /** Lets go of what is open; must be called when the source is not read to its end. */
  async close(): Promise<void> {
    await this.pieces?.return?.();
    await this.items.close();
  }

  /** Counts a row that is given out. */
  count(row: Row): void {
    if (row.jobId !== this.options.jobId) this.foreignJobIds++;
    const contentBytes = BigInt(this.kind.contentBytes(row));
    this.add({ contentBytes, timeMin: row.timestamp, timeMax: row.timestamp }, 1);
  }

  private lose(damage: Damage): void {
    const { lastOrdinal = -1n } = damage;
    if (lastOrdinal > this.lastOrdinal) this.lastOrdinal = lastOrdinal;
    this.problems.add(describeDamage(damage, this.options.place(damage), this.slot?.before));
  }

  private start(member: Member): void {
    const ordinals = this.ordinalsOf(member);
    const last = ordinals?.at(-1);
    if (last !== undefined && last > this.lastOrdinal) this.lastOrdinal = last;
    this.heads = [];
    this.index = 0;
    if (member.text === undefined) {
      if (!member.extra || !ordinals) return;
      this.add(member.extra, ordinals.length);
      this.heads = Array.from(ordinals, (ordinal) => ({
        row: undefined,
        ordinal,
        isOwn: true,
        line: 0,
      }));
      return;
    }
    this.rowOfMember = 0;
    this.member = member;
    const { text } = member;
    this.pieces = Symbol.iterator in text ? text[Symbol.iterator]() : text[Symbol.asyncIterator]();
  }

  /** The next rows of the piece; it is put away when it is over. */
  private decodeSome(text: Buffer): void {
    this.heads = [];
    this.index = 0;
    const stop = this.textPos + TEXT_DECODED_AT_ONCE_BYTES;
    const { start: memberStart } = this.member!;
    const { item } = this.items;
    const firstLine = item.kind === 'part' && item.start === memberStart ? (item.linesRead ?? 0) : 0;
    for (; this.linesAtOnce < ROWS_DECODED_AT_ONCE && this.textPos < stop; this.linesAtOnce++) {
      if (this.textPos === text.length) {
        this.text = undefined;
        return;
      }
      const start = this.textPos;
      const newline = text.indexOf(NEWLINE, start);
      const end = newline < 0 ? text.length : newline;
      this.textPos = newline < 0 ? end : newline + 1;
      const line = this.rowOfMember++;
      if (end === start || line < firstLine) continue;
      const found = this.decode(text, start, end, line);
      if ('line' in found) this.heads.push(found);
      else if (this.heads.length === 0) this.problems.add(found);
      else {
        // It is met again when the rows before it have been given.
        this.textPos = start;
        this.rowOfMember--;
        return;
      }
    }
    if (this.textPos >= stop) this.linesAtOnce = ROWS_DECODED_AT_ONCE;
  }

  private decode(text: Buffer, start: number, end: number, line: number): Head<Row> | Problem {
    const { path, jobId, stream } = this.options;
    const member = this.member!;
    const ordinals = this.ordinalsOf(member);
    const ordinal = ordinals?.[line];
    let row: Row;
    try {
      row = this.kind.decode(text, start, end);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      return lostRow('row', `a row of ${path} cannot be read: ${error.message}`, ordinal);
    }
    if (row.gap) return row.gap;
    if (ordinals && ordinal === undefined)
      return lostRow('excess', `a member of ${path} has more rows than its header says`, undefined);
    if (!member.hasExtraField) row.timestamp = this.kind.foreignTime(row.timestamp);
    const isOwn = row.jobId === jobId && this.kind.isOfStream(row, stream);
    return { row, ordinal, isOwn, line };
  }

  private ordinalsOf({ extra }: Member): BigUint64Array | undefined {
    const { item } = this.items;
    return extra?.ordinals ?? (item.kind === 'part' ? item.derivedOrdinals : undefined);
  }

  private add(of: Pick<MemberExtra, 'contentBytes' | 'timeMin' | 'timeMax'>, rows: number): void {
    const { totals } = this;
    if (totals.rows === 0n || of.timeMin < totals.timeMin) totals.timeMin = of.timeMin;
    if (totals.rows === 0n || of.timeMax > totals.timeMax) totals.timeMax = of.timeMax;
    totals.rows += BigInt(rows);
    totals.contentBytes += of.contentBytes;
  }
}

function lostRow(kind: string, reason: string, ordinal: bigint | undefined): Problem {
  const known = ordinal === undefined ? undefined : { firstOrdinal: ordinal, lastOrdinal: ordinal };
  return { kind, rows: 1n, reason, ...known };
}

/** `before`: the ordinal that what comes behind it in the file has. */
function describeDamage(
  { problem, rows, firstOrdinal, lastOrdinal }: Damage,
  place: string,
  before: bigint | undefined,
): Problem {
  const last = lastOrdinal ?? (before === undefined ? undefined : before - 1n);
  return {
    reason: `${problem}: ${place}`,
    isHarmless: rows === 0n,
    ...(rows !== undefined && { rows }),
    ...(firstOrdinal !== undefined && { firstOrdinal }),
    ...(last !== undefined && { lastOrdinal: last }),
  };
}
