import type { BlockIndex } from './block-index.js';
import type { BlockSummary } from './block-summary.js';
import type { EntryTable } from './entry-table.js';
import { gramHashes } from './filter.js';
import type { CachedIndex } from './index-cache.js';
import { areWhole } from './whole-blocks.js';
import type { DataBytes } from './describe-member.js';
import type { Checkpoint } from '../read/turns.js';

/** The first blocks of a table that may grow. */
export class TableIndex implements BlockIndex {
  readonly length: number;
  readonly coveredBytes: number;
  private readonly cached: CachedIndex;
  private readonly table: EntryTable;

  constructor(cached: CachedIndex, length: number) {
    this.cached = cached;
    this.table = cached.table;
    this.length = length;
    this.coveredBytes = cached.table.endOf(length);
  }

  offset(block: number): number {
    return this.table.entry(block).offset;
  }
  byteLength(block: number): number {
    return this.table.entry(block).length;
  }
  rows(block: number): number {
    return this.table.entry(block).rows;
  }
  firstOrdinal(block: number): bigint {
    return this.table.entry(block).firstOrdinal;
  }
  lastOrdinal(block: number): bigint {
    return this.table.entry(block).lastOrdinal;
  }
  timeMin(block: number): bigint {
    return this.table.entry(block).timeMin;
  }
  timeMax(block: number): bigint {
    return this.table.entry(block).timeMax;
  }
  contentBytes(block: number): bigint {
    return this.table.entry(block).contentBytes;
  }
  memberCrc32c(block: number): number {
    return this.table.entry(block).memberCrc32c;
  }
  rowsBefore(block: number): number {
    return this.table.rowsBefore(block);
  }
  summary(block: number): BlockSummary {
    return this.table.entry(block).summary();
  }

  areWhole(count: number, data: DataBytes, checkpoint: Checkpoint): Promise<boolean> {
    return areWhole(this.cached, count, data, checkpoint);
  }

  async blocksWith(literals: readonly Uint8Array[]): Promise<readonly number[]> {
    const hashes = gramHashes(literals);
    if (hashes.length === 0) return Array.from({ length: this.length }, (_, block) => block);
    return this.cached.filters.blocksWith(this.table, this.length, hashes);
  }
}
