import type { Gap, LogBatch, LogQuery } from '@joblet/storage';
import { StreamType } from '@joblet/wire';
import type { PendingRows } from './area-view.js';
import { firstBlockBehind } from './block-list.js';
import type { BlockPlan, BlockStream } from './block-plan.js';
import { BlockReader, IrregularBlock, type ChosenBlock } from './block-reader.js';
import { closeAll } from './close-all.js';
import { batchesOf, firstBehind, pickRows, type DecodedRows, type RowRange } from './decoded-rows.js';
import { lostGap } from './lost-gap.js';
import { NOT_IN_ANY_FILE } from './reasons.js';
import type { Checkpoint } from './turns.js';

/** Rows in pieces, ascending by ordinal. */
interface RowStream {
  next(): Promise<DecodedRows | undefined>;
  close(): Promise<void>;
}

interface Cursor {
  readonly stream: RowStream;
  rows: DecodedRows | undefined;
  at: number;
}

/**
 * Rows and gaps that can match, by ordinal. What blocks tell of themselves decides which are read. Returns undefined
 * when all were given; at a block that is not as it should be, the last ordinal before what is still to be read.
 */
export async function* scanBlocks(
  plan: BlockPlan,
  query: LogQuery,
  checkpoint: Checkpoint,
): AsyncGenerator<LogBatch | Gap, bigint | undefined> {
  const streams: RowStream[] = [];
  let done = -1n;
  let isBegun = false;
  const beginning = function* (): Generator<Gap> {
    if (!isBegun) yield* plan.lost.map(lostGap);
    if (!isBegun && plan.firstOrdinal > 0n) yield missingBefore(plan.firstOrdinal);
    isBegun = true;
  };
  try {
    for (const stream of plan.streams) {
      if (!isWantedStream(query, stream.stream)) continue;
      const chosen = await chooseBlocks(stream, query, checkpoint);
      streams.push(filtered(new BlockReader(plan.jobId, stream.stream, chosen), query));
    }
    streams.push(new PendingReader(plan.pending, query));
    const cursors = streams.map((stream): Cursor => ({ stream, rows: undefined, at: 0 }));
    for (;;) {
      await checkpoint();
      const ranges = await nextRanges(cursors, query.afterOrdinal ?? -1n);
      if (ranges.length === 0) break;
      yield* beginning();
      const { rows, to } = ranges[0];
      done = rows.ordinals[to - 1];
      for (const { rows, to } of ranges) if (rows.ordinals[to - 1] > done) done = rows.ordinals[to - 1];
      yield* batchesOf(plan.jobId, ranges);
    }
    yield* beginning();
    return undefined;
  } catch (error) {
    if (error instanceof IrregularBlock || error instanceof IncompleteRows) return done;
    throw error;
  } finally {
    await closeAll(streams);
  }
}

/** From each cursor what comes before the end of any piece; cursors without rows have gone to their next piece. */
async function nextRanges(cursors: readonly Cursor[], afterOrdinal: bigint): Promise<RowRange[]> {
  let limit: bigint | undefined;
  for (const cursor of cursors) {
    while (!cursor.rows || cursor.at >= cursor.rows.ordinals.length) {
      cursor.rows = await cursor.stream.next();
      if (!cursor.rows) break;
      cursor.at = firstBehind(cursor.rows, afterOrdinal);
    }
    const last = cursor.rows?.ordinals[cursor.rows.ordinals.length - 1];
    if (last !== undefined && (limit === undefined || last < limit)) limit = last;
  }
  const ranges: RowRange[] = [];
  for (const cursor of cursors) {
    const { rows, at: from } = cursor;
    if (!rows || limit === undefined) continue;
    cursor.at = firstBehind(rows, limit);
    if (cursor.at > from) ranges.push({ rows, from, to: cursor.at });
  }
  return ranges;
}

function isWantedStream({ stream = 0 }: LogQuery, ofFile: number): boolean {
  return stream === 0 || (stream === StreamType.STDERR) === (ofFile === StreamType.STDERR);
}

/** Rows behind `afterOrdinal` after which nobody asks for more. */
function rowsWanted({ limit = Infinity, offset = 0, startTime, endTime, filter }: LogQuery): number {
  const isConditional = startTime !== undefined || endTime !== undefined || filter !== undefined;
  return isConditional ? Infinity : limit + offset;
}

async function chooseBlocks(
  { files }: BlockStream,
  query: LogQuery,
  checkpoint: Checkpoint,
): Promise<ChosenBlock[]> {
  const { afterOrdinal = -1n, startTime, endTime, filter } = query;
  const chosen: ChosenBlock[] = [];
  let wanted = rowsWanted(query);
  for (const { source, blocks } of files) {
    const first = firstBlockBehind(blocks, afterOrdinal);
    const literals = filter?.literals ?? [];
    const able = literals.length > 0 ? await blocks.blocksWith(literals) : undefined;
    const count = able ? able.length : blocks.length;
    for (let index = able ? 0 : first; index < count; index++) {
      const block = able ? able[index] : index;
      if (block < first) continue;
      if (wanted <= 0) return chosen;
      if (startTime !== undefined && blocks.timeMax(block) < startTime) continue;
      if (endTime !== undefined && blocks.timeMin(block) > endTime) continue;
      chosen.push({ source, blocks, block });
      // Of the first one, perhaps not even one row is behind it.
      if (blocks.firstOrdinal(block) > afterOrdinal) wanted -= blocks.rows(block);
    }
    await checkpoint();
  }
  return chosen;
}

/** Leaves out rows whose bytes do not have the longest literal: to see whether the others match, they are decoded. */
function filtered(reader: BlockReader, { filter }: LogQuery): RowStream {
  const literals = filter?.literals ?? [];
  const longest = literals.reduce((a, b) => (b.length > a.length ? b : a), new Uint8Array(0));
  if (longest.length === 0) return reader;
  return {
    next: async () => {
      const rows = await reader.next();
      return rows && pickRows(rows, rowsWith(rows, longest));
    },
    close: () => reader.close(),
  };
}

/** Starts ascend. */
function rowsWith({ bytes, starts, ends }: DecodedRows, needle: Uint8Array): number[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rows: number[] = [];
  let row = 0;
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at)) {
    while (row < ends.length && ends[row] <= at) row++;
    if (row === ends.length) break;
    // A hit may lie in what is left of the text between messages.
    if (at >= starts[row] && at + needle.length <= ends[row]) {
      rows.push(row);
      at = ends[row];
    } else at++;
  }
  return rows;
}

/** Fewer than there were said to be: whoever reads member by member tells of the gap. */
class IncompleteRows extends Error {}

class PendingReader implements RowStream {
  private readonly pending: readonly PendingRows[];
  private index = 0;

  constructor(pending: readonly PendingRows[], { afterOrdinal = -1n, startTime, endTime }: LogQuery) {
    this.pending = pending.filter(({ rows, lastOrdinal, timeMin, timeMax }) => {
      if (startTime !== undefined && timeMax < startTime) return false;
      if (endTime !== undefined && timeMin > endTime) return false;
      return rows > 0 && lastOrdinal > afterOrdinal;
    });
  }

  async next(): Promise<DecodedRows | undefined> {
    if (this.index >= this.pending.length) return undefined;
    const rows = this.pending[this.index++];
    const batch = await rows.load();
    if (batch.length !== rows.rows) throw new IncompleteRows();
    const { starts, ends, timestamps, ordinals } = batch.table;
    if (!ordinals) throw new TypeError('rows that wait to be written have no ordinals');
    return { bytes: batch.bytes, starts, ends, timestamps, ordinals };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function missingBefore(firstOrdinal: bigint): Gap {
  return { kind: 'gap', stream: 0, afterOrdinal: -1n, rows: firstOrdinal, reason: NOT_IN_ANY_FILE };
}
