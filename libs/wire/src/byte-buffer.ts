import { viewOf } from './last-view.js';

/** A buffer that grows. Who writes calls `reserve` first, then writes at `pos` and moves it. Invariant: pos <= bytes.length. */
export class ByteBuffer {
  bytes: Buffer;
  pos = 0;
  private dataView: DataView | undefined;

  constructor(sizeHint: number) {
    this.bytes = Buffer.allocUnsafe(sizeHint);
  }

  /** Of `bytes` as they are now: not to be kept beyond the next `reserve`. */
  get view(): DataView {
    return (this.dataView ??= viewOf(this.bytes));
  }

  /** Makes room for `count` bytes behind `pos`. */
  reserve(count: number): void {
    if (this.bytes.length - this.pos >= count) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.pos + count));
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
    this.dataView = undefined;
  }
}
