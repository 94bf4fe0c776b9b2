import { setImmediate } from 'node:timers/promises';
import { WireError } from '@joblet/wire';
import type { FileSnapshot } from './file-snapshot.js';
import { ROWS_DECODED_AT_ONCE } from './limits.js';
import type { MemberExtra } from './member-extra.js';
import { scanMembers, type Damage, type Member, type WantsMember } from './member-scanner.js';
import type { RowKind, StoredRow } from './row-kind.js';

const NEWLINE = 0x0a;

/** Something missing that was found before the head of a source. */
export interface Problem {
  readonly reason: string;
  readonly rows?: bigint;
  readonly bytes?: bigint;
  readonly stream?: number;
  readonly afterOrdinal?: bigint;
}

/** A row to come: without `row` it is one that nobody wants, known by its ordinal only. */
interface Head<Row> {
  readonly row: Row | undefined;
  /** Absent for rows that the Go service wrote. */
  readonly ordinal: bigint | undefined;
}

export interface SourceOptions {
  readonly jobId: string;
  /** 0 for metrics. */
  readonly stream: number;
  readonly wants: WantsMember;
  /** Called before each step; throws when nobody wants the rows any more. */
  readonly checkpoint: () => void;
}

/** The rows of one file in the order of the file, one of them at the head, and what is missing before it. */
export class RowSource<Row extends StoredRow> {
  /** What is missing before the head; whoever reports it empties this. */
  readonly problems: Problem[] = [];
  /** Ordinals that the problems explain so far. */
  missing: { readonly afterOrdinal: bigint; rows: bigint } | undefined;
  readonly stream: number;
  /** Counted as the file is read, wanted or not. */
  readonly totals = { rows: 0n, contentBytes: 0n, timeMin: 0n, timeMax: 0n, foreignJobIds: 0 };
  /** The highest ordinal that any header names; a hole up to it is a loss. */
  lastOrdinal = -1n;
  private readonly kind: RowKind<Row, unknown>;
  private readonly jobId: string;
  private readonly file: FileSnapshot;
  private readonly checkpoint: () => void;
  private readonly members: AsyncGenerator<Member | Damage>;
  private member: Member | undefined;
  private textPos = 0;
  private rowOfMember = 0;
  private heads: Head<Row>[] = [];
  private index = 0;

  constructor(kind: RowKind<Row, unknown>, file: FileSnapshot, options: SourceOptions) {
    this.kind = kind;
    this.file = file;
    this.jobId = options.jobId;
    this.stream = options.stream;
    this.checkpoint = options.checkpoint;
    this.members = scanMembers(file, options.wants);
  }

  /** Undefined at the end of the file, when `fill` has been awaited. */
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

  /** Reads on until there is a head or the file is over. */
  async fill(): Promise<void> {
    while (this.empty) {
      this.checkpoint();
      if (this.member) {
        // A member may be as large as a file: others get a turn between its pieces.
        if (this.textPos > 0) await setImmediate();
        this.decodeSome(this.member);
        continue;
      }
      const next = await this.members.next();
      if (next.done) return;
      if (next.value.kind === 'damage') this.problems.push(describeDamage(next.value));
      else this.start(next.value);
    }
  }

  private start(member: Member): void {
    const ordinals = member.extra?.ordinals;
    const last = ordinals?.at(-1);
    if (last !== undefined && last > this.lastOrdinal) this.lastOrdinal = last;
    this.index = 0;
    if (member.text === undefined) {
      if (member.extra) this.count(member.extra);
      this.heads = Array.from(ordinals ?? [], (ordinal) => ({ row: undefined, ordinal }));
      return;
    }
    this.heads = [];
    this.textPos = this.rowOfMember = 0;
    this.member = member;
  }

  /** The next rows of the member; it is put away when its text is over. */
  private decodeSome(member: Member): void {
    const text = member.text!;
    this.heads = [];
    this.index = 0;
    while (this.heads.length < ROWS_DECODED_AT_ONCE) {
      const newline = text.indexOf(NEWLINE, this.textPos);
      if (newline < 0) {
        this.member = undefined;
        return;
      }
      const start = this.textPos;
      this.textPos = newline + 1;
      const ordinal = member.extra?.ordinals[this.rowOfMember++];
      if (newline > start) this.decode(text, start, newline, ordinal, member.extra === undefined);
    }
  }

  private decode(
    text: Buffer,
    start: number,
    end: number,
    ordinal: bigint | undefined,
    foreign: boolean,
  ): void {
    let row: Row;
    try {
      row = this.kind.decode(text, start, end);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.problems.push({ rows: 1n, reason: `a row of ${this.file.path} cannot be read: ${error.message}` });
      return;
    }
    if (row.gap) {
      this.problems.push(row.gap);
      return;
    }
    if (row.jobId !== this.jobId) this.totals.foreignJobIds++;
    if (foreign) row.timestamp = this.kind.foreignTime(row.timestamp);
    const contentBytes = BigInt(this.kind.contentBytes(row));
    this.count({ contentBytes, timeMin: row.timestamp, timeMax: row.timestamp, ordinals: { length: 1 } });
    this.heads.push({ row, ordinal });
  }

  private count(rows: Omit<MemberExtra, 'bodyBytes' | 'ordinals'> & { ordinals: { length: number } }): void {
    const { totals } = this;
    if (totals.rows === 0n || rows.timeMin < totals.timeMin) totals.timeMin = rows.timeMin;
    if (totals.rows === 0n || rows.timeMax > totals.timeMax) totals.timeMax = rows.timeMax;
    totals.rows += BigInt(rows.ordinals.length);
    totals.contentBytes += rows.contentBytes;
  }
}

function describeDamage({ path, offset, bytes, problem }: Damage): Problem {
  return { reason: `${problem}: ${path}, bytes ${offset} to ${offset + bytes}` };
}
