import { setImmediate } from 'node:timers/promises';
import { WireError } from '@joblet/wire';
import { ROWS_DECODED_AT_ONCE, TEXT_DECODED_AT_ONCE_BYTES } from './limits.js';
import type { MemberExtra } from './member-extra.js';
import type { Damage, Member } from './member.js';
import type { RowKind, StoredRow } from './row-kind.js';

const NEWLINE = 0x0a;

/** Something missing that was found before the head of a source. */
export interface Problem {
  readonly reason: string;
  readonly rows?: bigint;
  readonly bytes?: bigint;
  readonly stream?: number;
  readonly afterOrdinal?: bigint;
  /** The ordinals that it may concern; absent: not known. */
  readonly firstOrdinal?: bigint;
  readonly lastOrdinal?: bigint;
  /** It is about rows whose ordinals are not missing: no hole comes from it. */
  readonly isHarmless?: boolean;
  /** Ordinals that it explains so far. */
  missingRows?: bigint;
}

/** A row to come: without `row` it is one that nobody wants, known by its ordinal only. */
export interface Head<Row> {
  readonly row: Row | undefined;
  /** Absent for rows that have none in the file. */
  readonly ordinal: bigint | undefined;
  /** Whether the row names the job and the stream that the file is of. */
  readonly isOwn: boolean;
}

/** Where rows without ordinals belong: between those before and behind them in the file. */
export interface Slot {
  /** -1n: at the start. */
  readonly after: bigint;
  /** Undefined: at the end. */
  readonly before: bigint | undefined;
}

export interface SourceOptions {
  readonly jobId: string;
  /** 0 for metrics. */
  readonly stream: number;
  readonly path: string;
  /** Undefined: all rows have ordinals. */
  readonly slot?: Slot | undefined;
  /** Called before each step; throws when nobody wants the rows any more. */
  readonly checkpoint: () => void;
}

/** Rows of one file in the order in which they are to be read, one of them at the head, and what is missing before it. */
export class RowSource<Row extends StoredRow> {
  /** What is missing before the head; whoever reports it takes it away. */
  readonly problems: Problem[] = [];
  /** Rows have no ordinals, and those of their slot are given: they come last. */
  isLate = false;
  readonly options: SourceOptions;
  /** Rows that were given out, or stepped over with their whole member. */
  readonly totals = { rows: 0n, contentBytes: 0n, timeMin: 0n, timeMax: 0n };
  foreignJobIds = 0;
  /** The highest ordinal that any header names; a hole up to it is a loss. */
  lastOrdinal = -1n;
  private readonly kind: RowKind<Row, unknown>;
  private readonly members: AsyncGenerator<Member | Damage>;
  private member: Member | undefined;
  private pieces: Iterator<Buffer> | AsyncIterator<Buffer> | undefined;
  private text: Buffer | undefined;
  private textPos = 0;
  private rowOfMember = 0;
  private heads: Head<Row>[] = [];
  private index = 0;

  constructor(kind: RowKind<Row, unknown>, members: AsyncGenerator<Member | Damage>, options: SourceOptions) {
    this.kind = kind;
    this.members = members;
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
    return this.index >= this.heads.length;
  }

  /** Reads on until there is a head or nothing more. */
  async fill(): Promise<void> {
    while (this.empty) {
      this.options.checkpoint();
      if (this.text) {
        // A member may be as large as a file: others get a turn between its pieces.
        if (this.textPos > 0) await setImmediate();
        this.decodeSome(this.text);
      } else if (this.pieces) {
        const piece = await this.pieces.next();
        if (piece.done) this.pieces = undefined;
        else this.text = piece.value;
        this.textPos = 0;
      } else {
        const next = await this.members.next();
        if (next.done) return;
        if (next.value.kind === 'damage')
          this.problems.push(describeDamage(next.value, this.options.slot?.before));
        else this.start(next.value);
      }
    }
  }

  /** The slot is used up: the rows that are left come behind all others. */
  becomeLate(): void {
    this.isLate = true;
    const reason = `rows without ordinals do not fit in between and come last: ${this.options.path}`;
    this.problems.push({ reason, rows: 0n, isHarmless: true });
  }

  /** Lets go of what is open; must be called when the source is not read to its end. */
  async close(): Promise<void> {
    await this.pieces?.return?.();
    await this.members.return(undefined);
  }

  /** Counts a row that is given out. */
  count(row: Row): void {
    const contentBytes = BigInt(this.kind.contentBytes(row));
    this.add({ contentBytes, timeMin: row.timestamp, timeMax: row.timestamp }, 1);
  }

  private start(member: Member): void {
    const ordinals = ordinalsOf(member);
    const last = ordinals?.at(-1);
    if (last !== undefined && last > this.lastOrdinal) this.lastOrdinal = last;
    this.heads = [];
    this.index = 0;
    if (member.text === undefined) {
      if (!member.extra || !ordinals) return;
      this.add(member.extra, ordinals.length);
      this.heads = Array.from(ordinals, (ordinal) => ({ row: undefined, ordinal, isOwn: true }));
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
    while (this.heads.length < ROWS_DECODED_AT_ONCE && this.textPos < stop) {
      if (this.textPos === text.length) {
        this.text = undefined;
        return;
      }
      const start = this.textPos;
      const newline = text.indexOf(NEWLINE, start);
      const end = newline < 0 ? text.length : newline;
      this.textPos = newline < 0 ? end : newline + 1;
      const row = this.rowOfMember++;
      if (end > start) this.decode(text, start, end, row);
    }
  }

  private decode(text: Buffer, start: number, end: number, index: number): void {
    const { path, jobId, stream } = this.options;
    const member = this.member!;
    const ordinals = ordinalsOf(member);
    const ordinal = ordinals?.[index];
    let row: Row;
    try {
      row = this.kind.decode(text, start, end);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.lose(`a row of ${path} cannot be read: ${error.message}`, ordinal);
      return;
    }
    if (row.gap) {
      this.problems.push(row.gap);
      return;
    }
    if (ordinals && ordinal === undefined) {
      this.lose(`a member of ${path} has more rows than its header says`, undefined);
      return;
    }
    if (row.jobId !== jobId) this.foreignJobIds++;
    if (!member.hasExtraField) row.timestamp = this.kind.foreignTime(row.timestamp);
    const isOwn = row.jobId === jobId && this.kind.isOfStream(row, stream);
    this.heads.push({ row, ordinal, isOwn });
  }

  private lose(reason: string, ordinal: bigint | undefined): void {
    const known = ordinal === undefined ? undefined : { firstOrdinal: ordinal, lastOrdinal: ordinal };
    this.problems.push({ rows: 1n, reason, ...known });
  }

  private add(of: Pick<MemberExtra, 'contentBytes' | 'timeMin' | 'timeMax'>, rows: number): void {
    const { totals } = this;
    if (totals.rows === 0n || of.timeMin < totals.timeMin) totals.timeMin = of.timeMin;
    if (totals.rows === 0n || of.timeMax > totals.timeMax) totals.timeMax = of.timeMax;
    totals.rows += BigInt(rows);
    totals.contentBytes += of.contentBytes;
  }
}

function ordinalsOf({ extra, derivedOrdinals }: Member): BigUint64Array | undefined {
  return extra?.ordinals ?? derivedOrdinals;
}

/** `before`: the ordinal that what comes behind it in the file has. */
function describeDamage(
  { path, start, end, problem, rows, firstOrdinal, lastOrdinal }: Damage,
  before: bigint | undefined,
): Problem {
  const last = lastOrdinal ?? (before === undefined ? undefined : before - 1n);
  return {
    reason: `${problem}: ${path}, bytes ${start} to ${end}`,
    isHarmless: rows === 0n,
    ...(rows !== undefined && { rows }),
    ...(firstOrdinal !== undefined && { firstOrdinal }),
    ...(last !== undefined && { lastOrdinal: last }),
  };
}
