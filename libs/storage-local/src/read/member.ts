import type { MemberExtra } from '../format/member-extra.js';
import type { Checkpoint } from './turns.js';

/** A part of a file: [start, end). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Text in pieces, each of whole rows with their newlines; the last row may lack its newline. */
export type TextPieces = Iterable<Buffer> | AsyncIterable<Buffer>;

/** A member whose checksum is right, or the complete rows of one that was cut. */
export interface Member extends ByteRange {
  readonly kind: 'member';
  /** As in MemberHeader, both. */
  readonly extra: MemberExtra | undefined;
  readonly hasExtraField: boolean;
  /** Undefined when the caller did not want it. */
  readonly text: TextPieces | undefined;
}

/** A part of the file whose rows are lost, or not to be had in their place. */
export interface Damage extends ByteRange {
  readonly kind: 'damage';
  readonly problem: string;
  /** Absent: not known. */
  readonly rows?: bigint;
  /** Of the damaged member, if its header could be read. */
  readonly firstOrdinal?: bigint;
  readonly lastOrdinal?: bigint;
}

/** A part of a file that is read in one go. */
export interface Part extends ByteRange {
  readonly kind: 'part';
  /** Of its rows, which have none in the file. */
  readonly derivedOrdinals?: BigUint64Array;
  /** Lines of its first member that have been read already. */
  readonly linesRead?: number;
}

/** Where rows without ordinals belong: between those before and behind them in the file. */
export interface Slot {
  /** -1n: at the start. */
  readonly after: bigint;
  /** Undefined: at the end. */
  readonly before: bigint | undefined;
}

/** What is read next; what belongs together into one slot has the same object as its slot. */
export type PlanItem = (Part | Damage) & { readonly slot?: Slot };

/** Tells from a header of ours whether the member's rows are wanted; other members are always read. */
export type WantsMember = (extra: MemberExtra) => boolean;

export interface ScanOptions {
  readonly wants: WantsMember;
  /** Text of a member that may be held in memory; of a larger one, pieces are. */
  readonly wholeTextBytesMax: number;
  readonly checkpoint: Checkpoint;
}
