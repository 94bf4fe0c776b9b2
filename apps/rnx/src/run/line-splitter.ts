import { ROW_SIZE_MAX } from '../limits.js';

const NEWLINE = 10;

/**
 * Cuts a stream of bytes into rows: a line with its newline each, or ROW_SIZE_MAX bytes of a longer one. Invariant: the
 * rows so far and then what is pending are the bytes so far, and `0 <= pendingSize < ROW_SIZE_MAX`.
 */
export class LineSplitter {
  private pending: Uint8Array[] = [];
  private pendingSize = 0;

  /** The rows that `chunk` completes. They share its memory, as what stays pending does. */
  push(chunk: Uint8Array): Uint8Array[] {
    const rows: Uint8Array[] = [];
    let start = 0;
    while (start < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, start);
      const lineEnd = newline === -1 ? chunk.length : newline + 1;
      const end = Math.min(lineEnd, start + ROW_SIZE_MAX - this.pendingSize);
      this.pending.push(chunk.subarray(start, end));
      this.pendingSize += end - start;
      if (chunk[end - 1] === NEWLINE || this.pendingSize === ROW_SIZE_MAX) rows.push(this.take());
      start = end;
    }
    return rows;
  }

  /** The last row, which has no newline; undefined when nothing is pending. */
  end(): Uint8Array | undefined {
    return this.pendingSize === 0 ? undefined : this.take();
  }

  private take(): Uint8Array {
    const row = this.pending.length === 1 ? this.pending[0] : Buffer.concat(this.pending);
    this.pending = [];
    this.pendingSize = 0;
    return row;
  }
}
