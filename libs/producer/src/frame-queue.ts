import { limits, writeFrame } from '@joblet/ipc';
import { BLOCK_BYTES } from './limits.js';

/** Whole frames, one behind the other. */
export interface Block {
  bytes: Uint8Array;
  /** Bytes of it that are used. */
  length: number;
  rows: number;
}

/** Frames that wait to be sent, packed into blocks: the unit of writing, and of sending again. */
export class FrameQueue {
  private readonly blocks: Block[] = [];
  private rowCount = 0;
  private byteCount = 0;
  private headIsTaken = false;

  get rows(): number {
    return this.rowCount;
  }

  get bytes(): number {
    return this.byteCount;
  }

  push(message: Uint8Array): void {
    const frameBytes = limits.FRAME_HEADER_BYTES + message.length;
    let block = this.blocks.at(-1);
    const isTaken = this.headIsTaken && this.blocks.length === 1;
    if (!block || isTaken || block.bytes.length - block.length < frameBytes) {
      block = { bytes: new Uint8Array(Math.max(BLOCK_BYTES, frameBytes)), length: 0, rows: 0 };
      this.blocks.push(block);
    }
    block.length = writeFrame(message, block.bytes, block.length);
    block.rows++;
    this.rowCount++;
    this.byteCount += frameBytes;
  }

  /** The oldest block, which nothing is added to from now on; it stays until it is removed. */
  take(): Block | undefined {
    this.headIsTaken = this.blocks.length > 0;
    return this.blocks[0];
  }

  remove(): void {
    const block = this.blocks.shift();
    this.headIsTaken = false;
    this.rowCount -= block?.rows ?? 0;
    this.byteCount -= block?.length ?? 0;
  }
}
