import { FrameTooLargeError } from './frame-too-large-error.js';
import { FRAME_HEADER_BYTES, FRAME_SIZE_MAX } from './limits.js';

/** A whole frame is in `bytes[start, end)`, which are valid during the call only. Must not throw. */
export type FrameListener = (bytes: Uint8Array, start: number, end: number) => void;

const NOTHING = new Uint8Array(0);

/**
 * Bytes in, whole frames out, however the bytes are split. No I/O.
 *
 * Invariant, after each push: all frames that ended have been handed out, and what is held is the half frame behind
 * them: `headerLength` bytes of its length and, once these are complete, `bodyLength < size` bytes of its body, with
 * `bodyLength <= body.length <= min(size, 2 * bodyLength)`. So memory follows the bytes that arrived, never the length
 * that was announced, and each byte is copied a bounded number of times. A frame that lies whole in the chunk is
 * handed out where it is.
 */
export class FrameDecoder {
  private readonly frameSizeMax: number;
  private headerLength = 0;
  private size = 0;
  private body: Uint8Array = NOTHING;
  private bodyLength = 0;
  private failure: FrameTooLargeError | undefined;

  constructor(frameSizeMax = FRAME_SIZE_MAX) {
    this.frameSizeMax = frameSizeMax;
  }

  /** Bytes of the half frame that arrived. */
  get heldBytes(): number {
    return this.headerLength + this.bodyLength;
  }

  /** Bytes that the half frame still lacks; 0 when there is none, or when its length is not yet known. */
  get missingBytes(): number {
    return this.headerLength === FRAME_HEADER_BYTES ? this.size - this.bodyLength : 0;
  }

  /**
   * Throws FrameTooLargeError, then and at each later push: the position in the stream is lost. The frames in front of
   * the one that is too large have been handed out.
   */
  push(chunk: Uint8Array, onFrame: FrameListener): void {
    if (this.failure) throw this.failure;
    let pos = 0;
    for (;;) {
      if (this.headerLength === 0 && pos + FRAME_HEADER_BYTES <= chunk.length) {
        this.size =
          ((chunk[pos] << 24) | (chunk[pos + 1] << 16) | (chunk[pos + 2] << 8) | chunk[pos + 3]) >>> 0;
        pos += FRAME_HEADER_BYTES;
        this.headerLength = FRAME_HEADER_BYTES;
        this.checkSize();
      }
      while (this.headerLength < FRAME_HEADER_BYTES) {
        if (pos === chunk.length) return;
        this.size = ((this.size << 8) | chunk[pos++]) >>> 0;
        this.headerLength++;
        if (this.headerLength === FRAME_HEADER_BYTES) this.checkSize();
      }
      const end = pos + this.size - this.bodyLength;
      if (end > chunk.length) {
        this.append(chunk, pos, chunk.length);
        return;
      }
      if (this.bodyLength === 0) {
        this.headerLength = 0;
        onFrame(chunk, pos, end);
      } else {
        this.append(chunk, pos, end);
        this.handOutBody(onFrame);
      }
      pos = end;
    }
  }

  private checkSize(): void {
    if (this.size <= this.frameSizeMax) return;
    this.failure = new FrameTooLargeError(this.size, this.frameSizeMax);
    throw this.failure;
  }

  private append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.bodyLength + end - start;
    if (length > this.body.length) {
      const grown = new Uint8Array(Math.min(this.size, Math.max(length, 2 * this.body.length)));
      grown.set(this.body.subarray(0, this.bodyLength));
      this.body = grown;
    }
    this.body.set(chunk.subarray(start, end), this.bodyLength);
    this.bodyLength = length;
  }

  private handOutBody(onFrame: FrameListener): void {
    const { body, bodyLength } = this;
    this.headerLength = this.bodyLength = 0;
    this.body = NOTHING;
    onFrame(body, 0, bodyLength);
  }
}
