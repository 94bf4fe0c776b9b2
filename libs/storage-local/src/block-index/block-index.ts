import type { Checkpoint } from '../read/turns.js';
import type { BlockSummary } from './block-summary.js';
import type { DataBytes } from './describe-member.js';

/** A data file whose blocks are indexed. */
export interface IndexedFile {
  readonly path: string;
  readonly jobId: string;
  /** 1 stdout, 2 stderr, 0 metrics. */
  readonly stream: number;
}

/** The index of the first `coveredBytes` of a data file. Never changes. */
export interface BlockIndex {
  readonly coveredBytes: number;
  /** Blocks, in the order of the file and of their ordinals. */
  readonly length: number;
  /** Where block i is in the file, as plain numbers that are cheap to ask for again and again. */
  offset(block: number): number;
  byteLength(block: number): number;
  rows(block: number): number;
  firstOrdinal(block: number): bigint;
  lastOrdinal(block: number): bigint;
  timeMin(block: number): bigint;
  timeMax(block: number): bigint;
  contentBytes(block: number): bigint;
  memberCrc32c(block: number): number;
  /** Rows in all blocks before this one; `rowsBefore(length)` is all. */
  rowsBefore(block: number): number;
  summary(block: number): BlockSummary;
  /** Whether the first so many blocks are, byte for byte, in `data` as they were indexed. Slow only when asked for the first time. */
  areWhole(count: number, data: DataBytes, checkpoint: Checkpoint): Promise<boolean>;
  /**
   * The blocks, ascending, that can have each of the literals in the content of a row. Never leaves one out that has; gives all
   * when no literal has 4 bytes or a filter cannot be read.
   */
  blocksWith(literals: readonly Uint8Array[]): Promise<readonly number[]>;
}
