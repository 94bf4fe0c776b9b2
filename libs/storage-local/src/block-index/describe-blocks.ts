import { setImmediate } from 'node:timers/promises';
import { isPlainFile } from '../format/file-names.js';
import { BLOCKS_INDEXED_AT_ONCE } from '../limits.js';
import type { IndexedFile } from './block-index.js';
import { describeMember, type DataBytes } from './describe-member.js';
import type { IndexedBlock } from './index-layout.js';
import { describePlainBlock } from './plain-blocks.js';

/**
 * What the index says of the members from `start` on, some at a time. Ends early at what cannot be indexed: where a member is not
 * this store's and whole, or has ordinals that do not come behind the last one.
 */
export async function* describeBlocks(
  file: IndexedFile,
  data: DataBytes,
  { start, lastOrdinal }: { start: number; lastOrdinal: bigint },
): AsyncGenerator<IndexedBlock[]> {
  let blocks: IndexedBlock[] = [];
  const describe = isPlainFile(file.path) ? describePlainBlock : describeMember;
  let end = start;
  let last = lastOrdinal;
  while (end < data.size) {
    const block = await describe(file, data, end);
    if (!block || block.summary.firstOrdinal <= last) break;
    end += block.length;
    last = block.summary.lastOrdinal;
    blocks.push(block);
    if (blocks.length === BLOCKS_INDEXED_AT_ONCE) {
      yield blocks;
      blocks = [];
    }
    await setImmediate();
  }
  if (blocks.length > 0) yield blocks;
}
