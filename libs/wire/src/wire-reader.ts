import { int64FromHalves, uint64FromHalves } from './int64.js';
import { GROUP_DEPTH_MAX } from './limits.js';
import { WireError } from './wire-error.js';
import { WireType } from './wire-type.js';

/** A tag has 32 bits. */
const TAG_BYTES_MAX = 5;
const NOTHING = new Uint8Array(0);

/**
 * Reads protobuf primitives from a range of bytes. Invariant: `pos <= end`. Each 64-bit value lands in the halves
 * `lo` and `hi`; each length-delimited field in `start` and `stop`. Errors count bytes from the start of the range.
 */
export class WireReader {
  bytes: Uint8Array = NOTHING;
  private base = 0;
  pos = 0;
  end = 0;
  lo = 0;
  hi = 0;
  start = 0;
  stop = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.base = this.pos = start;
    this.end = end;
  }

  /** Lets go of the bytes: a reader lives on, and they may be the only huge frame of a day. */
  release(): void {
    this.bytes = NOTHING;
  }

  done(): boolean {
    return this.pos >= this.end;
  }

  /** The next field's tag: field number << 3 | wire type. */
  tag(): number {
    const first = this.bytes[this.pos];
    if (this.pos < this.end && first < 0x80 && first > 7) {
      this.pos++;
      return first;
    }
    const from = this.pos;
    this.varint();
    const tag = this.lo;
    if (this.hi !== 0 || this.pos - from > TAG_BYTES_MAX || tag >>> 3 === 0 || (tag & 7) > 5) {
      this.pos = from;
      throw this.invalid('is not a field');
    }
    return tag;
  }

  /** A varint of up to ten bytes into `lo` and `hi`, modulo 2^64. */
  varint(): void {
    const { bytes, end } = this;
    let pos = this.pos;
    let lo = 0;
    let hi = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (pos >= end) throw this.truncated('varint');
      const byte = bytes[pos++];
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) {
        this.pos = pos;
        this.lo = lo >>> 0;
        this.hi = hi >>> 0;
        return;
      }
    }
    throw this.invalid('is a varint longer than 10 bytes');
  }

  int64(): bigint {
    this.varint();
    return int64FromHalves(this.lo, this.hi);
  }

  uint64(): bigint {
    this.varint();
    return uint64FromHalves(this.lo, this.hi);
  }

  double(): number {
    if (this.end - this.pos < 8) throw this.truncated('double');
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.pos, 8);
    this.pos += 8;
    return view.getFloat64(0, true);
  }

  /** A length-delimited field into `start` and `stop`. */
  delimited(): void {
    this.varint();
    const length = this.lo;
    if (this.hi !== 0 || length > this.end - this.pos) throw this.truncated('length-delimited field');
    this.start = this.pos;
    this.stop = this.pos += length;
  }

  /** Steps over a field whose tag has just been read. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case WireType.VARINT:
        this.varint();
        return;
      case WireType.FIXED64:
        this.advance(8);
        return;
      case WireType.BYTES:
        this.delimited();
        return;
      case WireType.FIXED32:
        this.advance(4);
        return;
      case WireType.GROUP:
        if (depth >= GROUP_DEPTH_MAX) throw this.invalid(`nests groups deeper than ${GROUP_DEPTH_MAX}`);
        for (;;) {
          const inner = this.tag();
          if ((inner & 7) === WireType.GROUP_END) {
            if (inner >>> 3 === tag >>> 3) return;
            throw this.invalid(`ends group ${tag >>> 3} with ${inner >>> 3}`);
          }
          this.skip(inner, depth + 1);
        }
      default:
        throw this.invalid(`is field ${tag >>> 3} with wire type ${tag & 7}`);
    }
  }

  private advance(count: number): void {
    if (count > this.end - this.pos) throw this.truncated('fixed-size field');
    this.pos += count;
  }

  private truncated(what: string): WireError {
    return new WireError('TRUNCATED', `${what} at byte ${this.pos - this.base} is cut short`);
  }

  private invalid(problem: string): WireError {
    return new WireError('INVALID', `what is at byte ${this.pos - this.base} ${problem}`);
  }
}
