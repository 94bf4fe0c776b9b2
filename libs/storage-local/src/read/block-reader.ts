import { promisify } from 'node:util';
import { gunzip, type InputType, type ZlibOptions } from 'node:zlib';
import { crc32c } from '@joblet/wal';
import { errorCode } from '../errors.js';
import { isPlainFile } from '../format/file-names.js';
import { parseHeader, TRAILER_BYTES } from '../format/gzip-member.js';
import {
  GROUP_BLOCKS_MAX,
  GROUPS_AHEAD,
  READ_AHEAD_BYTES,
  TEXT_AHEAD_BYTES_MAX,
  WHOLE_TEXT_BYTES_MAX,
} from '../limits.js';
import type { BlockList } from './block-list.js';
import type { ByteSource } from './byte-source.js';
import type { DecodedRows } from './decoded-rows.js';
import { readPlainBlock } from './plain-block.js';
import { rowTranscoder, type RowTranscoder } from './row-transcoder.js';

const gunzipAsync = promisify<InputType, ZlibOptions, Buffer>(gunzip);

/** A block that is to be read. */
export interface ChosenBlock {
  readonly source: ByteSource;
  readonly blocks: BlockList;
  readonly block: number;
}

/** A block that is not what it was said to be. Whoever reads member by member tells what it is. */
export class IrregularBlock extends Error {
  constructor({ source, blocks, block }: ChosenBlock) {
    const start = blocks.offset(block);
    super(
      `a block is not as it should be: ${source.place({ start, end: start + blocks.byteLength(block) })}`,
    );
  }
}

interface Block {
  readonly chosen: ChosenBlock;
  readonly text: Buffer;
  readonly ordinals: BigUint64Array;
}

/** Inflates what was read; called once, when its turn has come. */
type Inflate = () => Promise<readonly Block[]>;

/** Reads blocks of one stream, some ahead, so that others inflate while the main thread works on rows. */
export class BlockReader {
  private readonly chosen: readonly ChosenBlock[];
  private readonly transcoder: RowTranscoder;
  /** Blocks that are inflated together: many share what a call costs, few are there sooner. */
  private readonly groupBlocks: number;
  private readonly ahead: Promise<Inflate>[] = [];
  private ready: readonly Block[] = [];
  private taken = 0;
  private started = 0;
  /** What was read last, and which bytes of which file it is. */
  private window = Buffer.alloc(0);
  private windowStart = 0;
  private windowSource: ByteSource | undefined;
  private lastRead: Promise<unknown> = Promise.resolve();

  /** The blocks ascend. */
  constructor(jobId: string, stream: number, chosen: readonly ChosenBlock[]) {
    this.chosen = chosen;
    this.transcoder = rowTranscoder(jobId, stream);
    this.groupBlocks = Math.min(Math.max(chosen.length >> 4, 1), GROUP_BLOCKS_MAX);
  }

  /** The rows of the next block; undefined at the end. Rejects with IrregularBlock. */
  async next(): Promise<DecodedRows | undefined> {
    if (this.taken === this.ready.length) {
      this.startAhead();
      const inflate = await this.ahead.shift();
      if (!inflate) return undefined;
      this.ready = await inflate();
      this.taken = 0;
    }
    const { chosen, text, ordinals } = this.ready[this.taken++];
    const rows = this.transcoder.transcode(text, ordinals.length);
    if (!rows) throw new IrregularBlock(chosen);
    return { ...rows, ordinals };
  }

  /** Waits until nothing is read any more. */
  async close(): Promise<void> {
    await Promise.allSettled(this.ahead);
  }

  private startAhead(): void {
    while (this.started < this.chosen.length && this.ahead.length < GROUPS_AHEAD) {
      const from = this.started;
      const { blocks, block } = this.chosen[from];
      // A huge row waits for its turn.
      if (blocks.byteLength(block) > READ_AHEAD_BYTES && this.ahead.length > 0) return;
      this.started = this.runEnd(from, this.groupBlocks);
      const group = this.load(from, this.started);
      // Its turn may come after another one's error, or never.
      group.catch(() => undefined);
      this.ahead.push(group);
    }
  }

  /** Where the blocks end that lie behind the one at `from`, side by side: so many at the most, and what is read at once. */
  private runEnd(from: number, blocksMax: number): number {
    const { source, blocks, block } = this.chosen[from];
    const start = blocks.offset(block);
    let stop = start + blocks.byteLength(block);
    let end = from + 1;
    for (; end < this.chosen.length && end - from < blocksMax; end++) {
      const neighbour = this.chosen[end];
      const to = stop + neighbour.blocks.byteLength(neighbour.block);
      const isBehind = neighbour.source === source && neighbour.blocks.offset(neighbour.block) === stop;
      if (!isBehind || to - start > READ_AHEAD_BYTES) break;
      stop = to;
    }
    return end;
  }

  private async load(from: number, to: number): Promise<Inflate> {
    const reading = this.lastRead.then(() => this.bytesOf(from, to));
    this.lastRead = reading.catch(() => undefined);
    const bytes = await reading;
    const chosen = this.chosen.slice(from, to);
    if (isPlainFile(chosen[0].source.path)) {
      const blocks = membersOf(chosen, bytes).map((member, index) => plainBlock(chosen[index], member));
      return () => Promise.resolve(blocks);
    }
    const members = membersOf(chosen, bytes);
    const ordinals = members.map((member, index) => ordinalsOf(chosen[index], member));
    const textBytes = members.reduce((sum, member) => sum + textBytesOf(member), 0);
    if (textBytes > WHOLE_TEXT_BYTES_MAX) throw new IrregularBlock(chosen[0]);
    const inflate = async (): Promise<Block[]> => {
      const text = await inflated(bytes, textBytes);
      if (!text) throw new IrregularBlock(chosen[0]);
      let end = 0;
      return chosen.map((block, index) => {
        const start = end;
        end += textBytesOf(members[index]);
        return { chosen: block, text: text.subarray(start, end), ordinals: ordinals[index] };
      });
    };
    // A few bytes may stand for a thousand times as many.
    if (textBytes > TEXT_AHEAD_BYTES_MAX) return inflate;
    const begun = inflate();
    begun.catch(() => undefined);
    return () => begun;
  }

  /** Blocks that lie side by side are read together, and more of them than are asked for. One at a time. */
  private async bytesOf(from: number, to: number): Promise<Buffer> {
    const { source, blocks, block } = this.chosen[from];
    const start = blocks.offset(block);
    const end = this.endOf(to - 1);
    const { windowSource, windowStart, window } = this;
    if (windowSource !== source || start < windowStart || end > windowStart + window.length) {
      const stop = this.endOf(this.runEnd(from, Infinity) - 1);
      const bytes = Buffer.allocUnsafeSlow(stop - start);
      await source.fill(bytes, start);
      this.window = bytes;
      this.windowStart = start;
      this.windowSource = source;
    }
    return this.window.subarray(start - this.windowStart, end - this.windowStart);
  }

  private endOf(index: number): number {
    const { blocks, block } = this.chosen[index];
    return blocks.offset(block) + blocks.byteLength(block);
  }
}

/** The bytes of each of the blocks, which lie one behind the other. */
function membersOf(chosen: readonly ChosenBlock[], bytes: Buffer): Buffer[] {
  let end = 0;
  return chosen.map(({ blocks, block }) => bytes.subarray(end, (end += blocks.byteLength(block))));
}

/** By the header, which has to say what was known of the block. */
function ordinalsOf(chosen: ChosenBlock, member: Buffer): BigUint64Array {
  const { blocks, block } = chosen;
  const header = parseHeader(member);
  const extra = header?.extra;
  if (!extra || header.headerBytes + extra.bodyBytes + TRAILER_BYTES !== member.length) {
    throw new IrregularBlock(chosen);
  }
  const { ordinals } = extra;
  const isAsSaid =
    ordinals.length === blocks.rows(block) &&
    ordinals[0] === blocks.firstOrdinal(block) &&
    ordinals[ordinals.length - 1] === blocks.lastOrdinal(block) &&
    extra.timeMin === blocks.timeMin(block) &&
    extra.timeMax === blocks.timeMax(block);
  if (!isAsSaid) throw new IrregularBlock(chosen);
  return ordinals;
}

/** As the trailer says. */
function textBytesOf(member: Buffer): number {
  return member.readUInt32LE(member.length - 4);
}

/** The text of all members; undefined when one is damaged, or not as long as it says. */
async function inflated(members: Buffer, textBytes: number): Promise<Buffer | undefined> {
  try {
    // One byte more than needed: with a full buffer, zlib is asked again.
    const chunkSize = Math.max(textBytes + 1, 64);
    const text = await gunzipAsync(members, { chunkSize, maxOutputLength: chunkSize });
    return text.length === textBytes ? text : undefined;
  } catch (error) {
    if (!isZlibError(error)) throw error;
    return undefined;
  }
}

function plainBlock(chosen: ChosenBlock, bytes: Buffer): Block {
  const { blocks, block } = chosen;
  const found =
    blocks.memberCrc32c?.(block) === crc32c(bytes) ? readPlainBlock(bytes, blocks.rows(block)) : undefined;
  const { ordinals } = found ?? {};
  const isAsSaid =
    ordinals?.[0] === blocks.firstOrdinal(block) && ordinals.at(-1) === blocks.lastOrdinal(block);
  if (!found || !isAsSaid) throw new IrregularBlock(chosen);
  return { chosen, ...found };
}

function isZlibError(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ERR_BUFFER_TOO_LARGE' || code?.startsWith('Z_') === true;
}
