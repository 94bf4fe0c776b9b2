import type { BlockIndex } from '../block-index/block-index.js';
import { HEADER_BYTES_MAX, parseHeader } from '../format/gzip-member.js';
import { trustedEnd } from './member-scanner.js';
import type { FileSnapshot } from './file-snapshot.js';
import type { Checkpoint } from './turns.js';

/** What choosing blocks of a file needs to know of them; a BlockIndex is one. */
export type BlockList = Pick<
  BlockIndex,
  | 'length'
  | 'offset'
  | 'byteLength'
  | 'rows'
  | 'firstOrdinal'
  | 'lastOrdinal'
  | 'timeMin'
  | 'timeMax'
  | 'rowsBefore'
  | 'blocksWith'
> &
  // Only an index has them.
  Partial<Pick<BlockIndex, 'memberCrc32c' | 'areWhole'>>;

interface Block {
  readonly offset: number;
  readonly byteLength: number;
  readonly rows: number;
  readonly rowsBefore: number;
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
  readonly timeMin: bigint;
  readonly timeMax: bigint;
}

/** By the headers alone. Undefined unless the whole file is members of ours in the order of their ordinals. */
export async function headerBlocks(
  file: FileSnapshot,
  checkpoint: Checkpoint,
): Promise<BlockList | undefined> {
  const blocks: Block[] = [];
  let rowsBefore = 0;
  for (let offset = 0; offset < file.size;) {
    await checkpoint();
    const header = parseHeader(await file.read(offset, HEADER_BYTES_MAX));
    const end = header && (await trustedEnd(file, offset, header, file.size));
    if (!header?.extra || end === undefined) return undefined;
    const { ordinals, timeMin, timeMax } = header.extra;
    const rows = ordinals.length;
    const [firstOrdinal] = ordinals;
    const lastOrdinal = ordinals[rows - 1];
    const last = blocks.at(-1);
    if (last && firstOrdinal <= last.lastOrdinal) return undefined;
    const byteLength = end - offset;
    blocks.push({ offset, byteLength, rows, rowsBefore, firstOrdinal, lastOrdinal, timeMin, timeMax });
    rowsBefore += rows;
    offset = end;
  }
  return {
    length: blocks.length,
    offset: (block) => blocks[block].offset,
    byteLength: (block) => blocks[block].byteLength,
    rows: (block) => blocks[block].rows,
    firstOrdinal: (block) => blocks[block].firstOrdinal,
    lastOrdinal: (block) => blocks[block].lastOrdinal,
    timeMin: (block) => blocks[block].timeMin,
    timeMax: (block) => blocks[block].timeMax,
    rowsBefore: (block) => (block < blocks.length ? blocks[block].rowsBefore : rowsBefore),
    blocksWith: () => Promise.resolve(blocks.map((_, block) => block)),
  };
}

/** The first block that has a row with a higher ordinal. */
export function firstBlockBehind(blocks: BlockList, ordinal: bigint): number {
  let low = 0;
  for (let high = blocks.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (blocks.lastOrdinal(middle) <= ordinal) low = middle + 1;
    else high = middle;
  }
  return low;
}
