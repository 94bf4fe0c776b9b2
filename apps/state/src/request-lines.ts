import type { Budget } from './budget.js';

/** A request's line without its end, or why it is not read. */
export type RequestLine = { readonly text: string } | { readonly problem: 'too long' | 'no room' };

const NEWLINE = 0x0a;

/**
 * Cuts what a connection sends into lines. A line that is too long, or for which there is no room, is told once, as soon
 * as that is known, and skipped to its end.
 */
export class RequestLines {
  private readonly chunks: Buffer[] = [];
  /** Where the next line starts in the first chunk. */
  private offset = 0;
  private parts: Buffer[] = [];
  private partBytes = 0;
  private isSkipping = false;

  /** `budget` is common to all connections: bytes of lines that have not arrived whole. */
  constructor(
    private readonly bytesMax: number,
    private readonly budget: Budget,
  ) {}

  /** Whether part of a line has arrived, and not its end. */
  get isWithinLine(): boolean {
    return this.isSkipping || this.partBytes > 0;
  }

  push(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  /** Undefined: there is no more whole line. */
  next(): RequestLine | undefined {
    for (let [chunk] = this.chunks; chunk !== undefined; [chunk] = this.chunks) {
      const end = chunk.indexOf(NEWLINE, this.offset);
      const part = chunk.subarray(this.offset, end === -1 ? chunk.length : end);
      if (end === -1 || end + 1 === chunk.length) {
        this.chunks.shift();
        this.offset = 0;
      } else {
        this.offset = end + 1;
      }
      const line = end === -1 ? this.hold(part) : this.complete(part);
      if (line !== undefined) return line;
    }
    return undefined;
  }

  /** What has no newline behind it, once nothing more comes; the rest of a line that was told already is none. */
  last(): RequestLine | undefined {
    return this.partBytes > 0 ? this.complete(Buffer.alloc(0)) : undefined;
  }

  /** Forgets what has arrived. */
  clear(): void {
    this.chunks.length = 0;
    this.dropParts();
  }

  private hold(part: Buffer): RequestLine | undefined {
    if (this.isSkipping || part.length === 0) return undefined;
    const isTooLong = this.partBytes + part.length > this.bytesMax;
    if (isTooLong || !this.budget.take(part.length)) {
      this.dropParts();
      this.isSkipping = true;
      return { problem: isTooLong ? 'too long' : 'no room' };
    }
    this.parts.push(part);
    this.partBytes += part.length;
    return undefined;
  }

  private complete(part: Buffer): RequestLine | undefined {
    if (this.isSkipping) {
      this.isSkipping = false;
      return undefined;
    }
    if (this.partBytes + part.length > this.bytesMax) {
      this.dropParts();
      return { problem: 'too long' };
    }
    if (this.partBytes === 0) return { text: part.toString() };
    const text = Buffer.concat([...this.parts, part]).toString();
    this.dropParts();
    return { text };
  }

  private dropParts(): void {
    this.budget.give(this.partBytes);
    this.parts = [];
    this.partBytes = 0;
  }
}
