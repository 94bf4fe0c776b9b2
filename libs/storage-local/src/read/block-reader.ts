import { promisify } from 'node:util';
import { gunzip, type InputType, type ZlibOptions } from 'node:zlib';
import { LogRowTranscoder } from '@joblet/wire';
import { errorCode } from '../errors.js';
import { parseHeader, TRAILER_BYTES } from '../format/gzip-member.js';
import { BLOCKS_AHEAD, READ_AHEAD_BYTES, WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import type { BlockList } from './block-list.js';
import type { ByteSource } from './byte-source.js';
import type { DecodedRows } from './decoded-rows.js';

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

interface Inflated {
  readonly text: Buffer;
  readonly ordinals: BigUint64Array;
}

/** Reads blocks of one stream, some ahead, so that others inflate while the main thread works on rows. */
export class BlockReader {
  private readonly chosen: readonly ChosenBlock[];
  private readonly transcoder: LogRowTranscoder;
  private readonly ahead: Promise<Inflated>[] = [];
  private started = 0;
  private taken = 0;
  /** What was read last, and which bytes of which file it is. */
  private window = Buffer.alloc(0);
  private windowStart = 0;
  private windowSource: ByteSource | undefined;
  private lastRead: Promise<unknown> = Promise.resolve();

  /** The blocks ascend. */
  constructor(jobId: string, stream: number, chosen: readonly ChosenBlock[]) {
    this.chosen = chosen;
    this.transcoder = new LogRowTranscoder(jobId, stream);
  }

  /** The rows of the next block; undefined at the end. Rejects with IrregularBlock. */
  async next(): Promise<DecodedRows | undefined> {
    while (this.started < this.chosen.length && this.ahead.length < BLOCKS_AHEAD) {
      const inflated = this.inflate(this.started++);
      // Its turn may come after another one's error, or never.
      inflated.catch(() => undefined);
      this.ahead.push(inflated);
    }
    const inflated = this.ahead.shift();
    if (!inflated) return undefined;
    const chosen = this.chosen[this.taken++];
    const { text, ordinals } = await inflated;
    const rows = this.transcoder.transcode(text, ordinals.length);
    if (!rows) throw new IrregularBlock(chosen);
    return { ...rows, ordinals };
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.allSettled(this.ahead);
  }

  private async inflate(index: number): Promise<Inflated> {
    const chosen = this.chosen[index];
    const { blocks, block } = chosen;
    const reading = this.lastRead.then(() => this.bytesOf(index));
    this.lastRead = reading.catch(() => undefined);
    const bytes = await reading;
    const header = parseHeader(bytes);
    const extra = header?.extra;
    if (!extra || header.headerBytes + extra.bodyBytes + TRAILER_BYTES !== bytes.length) {
      throw new IrregularBlock(chosen);
    }
    const { ordinals } = extra;
    const isAsSaid =
      ordinals.length === blocks.rows(block) &&
      ordinals[0] === blocks.firstOrdinal(block) &&
      ordinals[ordinals.length - 1] === blocks.lastOrdinal(block) &&
      extra.timeMin === blocks.timeMin(block) &&
      extra.timeMax === blocks.timeMax(block);
    const textBytes = bytes.readUInt32LE(bytes.length - 4);
    if (!isAsSaid || textBytes > WHOLE_TEXT_BYTES_MAX) throw new IrregularBlock(chosen);
    try {
      // One byte more than needed: with a full buffer, zlib is asked again.
      const chunkSize = Math.max(textBytes + 1, 64);
      const text = await gunzipAsync(bytes, { chunkSize, maxOutputLength: chunkSize });
      if (text.length === textBytes) return { text, ordinals };
    } catch (error) {
      if (!isZlibError(error)) throw error;
    }
    throw new IrregularBlock(chosen);
  }

  /** Blocks that lie side by side are read together. One at a time. */
  private async bytesOf(index: number): Promise<Buffer> {
    const { source, blocks, block } = this.chosen[index];
    const start = blocks.offset(block);
    const end = start + blocks.byteLength(block);
    const { windowSource, windowStart, window } = this;
    if (windowSource !== source || start < windowStart || end > windowStart + window.length) {
      let stop = end;
      for (let next = index + 1; next < this.chosen.length; next++) {
        const neighbour = this.chosen[next];
        const from = neighbour.blocks.offset(neighbour.block);
        const to = from + neighbour.blocks.byteLength(neighbour.block);
        if (neighbour.source !== source || from !== stop || to - start > READ_AHEAD_BYTES) break;
        stop = to;
      }
      const bytes = Buffer.allocUnsafeSlow(stop - start);
      await source.fill(bytes, start);
      this.window = bytes;
      this.windowStart = start;
      this.windowSource = source;
    }
    return this.window.subarray(start - this.windowStart, end - this.windowStart);
  }
}

function isZlibError(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'ERR_BUFFER_TOO_LARGE' || code?.startsWith('Z_') === true;
}
