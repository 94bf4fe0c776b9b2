import type { LogQuery } from '@joblet/storage';
import type { IndexedFile, BlockIndex } from '../block-index/block-index.js';
import type { AreaSnapshot } from './area-snapshot.js';
import type { LostView, PendingRows } from './area-view.js';
import { firstBlockBehind, headerBlocks, type BlockList } from './block-list.js';
import type { ByteSource } from './byte-source.js';
import { FileSnapshot } from './file-snapshot.js';
import type { Checkpoint } from './turns.js';

/** Where the indexes of files come from. */
export interface BlockIndexes {
  /** Of exactly the bytes that `data` has; undefined: there is none. */
  open(file: IndexedFile, data: FileSnapshot): Promise<BlockIndex | undefined>;
}

export interface BlockFile {
  readonly source: ByteSource;
  readonly blocks: BlockList;
}

export interface BlockStream {
  readonly stream: number;
  readonly files: readonly BlockFile[];
}

/**
 * The logs of a job whose files are as they should be: members of ours alone, in order. Invariant: each ordinal from
 * `firstOrdinal` to `lastOrdinal` is that of one row, so what is stepped over is known to be whole.
 */
export interface BlockPlan {
  readonly jobId: string;
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
  readonly streams: readonly BlockStream[];
  readonly pending: readonly PendingRows[];
  /** Then ordinals have holes below `wholeFrom`, as many as rows are lost, and `firstOrdinal` is 0. */
  readonly lost: readonly LostView[];
  readonly wholeFrom: bigint;
}

/** Undefined when the logs are not like this, or there is no row at all: then they are to be read member by member. */
export async function planBlocks(
  { jobId, gaps, streams, lost, pending }: AreaSnapshot,
  indexes: BlockIndexes | undefined,
  checkpoint: Checkpoint,
): Promise<BlockPlan | undefined> {
  if (gaps.length > 0) return undefined;
  const planned: BlockStream[] = [];
  const extent = new Extent();
  for (const { stream, files } of streams) {
    let last = -1n;
    const blockFiles: BlockFile[] = [];
    for (const source of files) {
      const data = new FileSnapshot(source);
      const index = await indexes?.open({ path: source.path, jobId, stream }, data);
      const blocks = index?.coveredBytes === source.size ? index : await headerBlocks(data, checkpoint);
      if (!blocks || blocks.length === 0 || blocks.firstOrdinal(0) <= last) return undefined;
      last = blocks.lastOrdinal(blocks.length - 1);
      extent.add(blocks.firstOrdinal(0), last, blocks.rowsBefore(blocks.length));
      blockFiles.push({ source, blocks });
    }
    planned.push({ stream, files: blockFiles });
  }
  let last = -1n;
  for (const { firstOrdinal, lastOrdinal, rows } of pending) {
    if (firstOrdinal <= last) return undefined;
    last = lastOrdinal;
    extent.add(firstOrdinal, lastOrdinal, rows);
  }
  let wholeFrom = 0n;
  for (const { rows, lastOrdinal } of lost) {
    extent.add(0n, lastOrdinal, Number(rows));
    if (lastOrdinal >= wholeFrom) wholeFrom = lastOrdinal + 1n;
  }
  const { firstOrdinal, lastOrdinal } = extent;
  return extent.isDense
    ? { jobId, firstOrdinal, lastOrdinal, streams: planned, pending, lost, wholeFrom }
    : undefined;
}

class Extent {
  firstOrdinal = 0n;
  lastOrdinal = -1n;
  private rows = 0;

  add(firstOrdinal: bigint, lastOrdinal: bigint, rows: number): void {
    if (rows === 0) return;
    if (this.rows === 0 || firstOrdinal < this.firstOrdinal) this.firstOrdinal = firstOrdinal;
    if (lastOrdinal > this.lastOrdinal) this.lastOrdinal = lastOrdinal;
    this.rows += rows;
  }

  get isDense(): boolean {
    return this.rows > 0 && BigInt(this.rows) === this.lastOrdinal - this.firstOrdinal + 1n;
  }
}

/** Whether all rows up to this one can be read: then they need not be counted. */
export async function isWholeUpTo(
  { streams }: BlockPlan,
  ordinal: bigint,
  checkpoint: Checkpoint,
): Promise<boolean> {
  for (const { files } of streams) {
    for (const { source, blocks } of files) {
      const behind = firstBlockBehind(blocks, ordinal);
      const isWithin = behind < blocks.length && blocks.firstOrdinal(behind) <= ordinal;
      const count = isWithin ? behind + 1 : behind;
      if (count === 0) continue;
      if (!(await blocks.areWhole?.(count, new FileSnapshot(source), checkpoint))) return false;
    }
  }
  return true;
}

/**
 * The same question without counting: `offset` or `tail` of all rows are ordinals. Undefined when other conditions
 * decide which rows are counted, or nothing is.
 */
export function positioned(
  { firstOrdinal, lastOrdinal, wholeFrom }: BlockPlan,
  query: LogQuery,
): LogQuery | undefined {
  const { startTime, endTime, filter, stream = 0, afterOrdinal = -1n, tail, offset, ...rest } = query;
  const isConditional = startTime !== undefined || endTime !== undefined || filter !== undefined;
  if (isConditional || stream !== 0 || (!tail && !offset)) return undefined;
  const first = afterOrdinal < firstOrdinal ? firstOrdinal : afterOrdinal + 1n;
  const rows = lastOrdinal - first + 1n;
  // Among lost rows, those that are there would have to be counted.
  if (first < wholeFrom && (!tail || lastOrdinal - BigInt(tail) + 1n < wholeFrom)) return undefined;
  const skipped = tail ? rows - BigInt(tail) : BigInt(offset ?? 0);
  // What was asked for is kept as it was: gaps before the first row count only when no row is left out.
  if (skipped <= 0n) return query.afterOrdinal === undefined ? rest : { ...rest, afterOrdinal };
  return { ...rest, afterOrdinal: skipped < rows ? first + skipped - 1n : lastOrdinal };
}
