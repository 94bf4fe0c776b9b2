import { int64FromHalves, uint64FromHalves } from './int64.js';
import { WireError } from './wire-error.js';

/** Protobuf wire types (https://protobuf.dev/programming-guides/encoding/). */
export const WireType = { VARINT: 0, FIXED64: 1, BYTES: 2, GROUP: 3, GROUP_END: 4, FIXED32: 5 } as const;

/** Deeper nesting of unknown groups than this is refused, as in the other protobuf runtimes. */
const GROUP_DEPTH_MAX = 100;

/**
 * Reads protobuf primitives from a range of bytes. Invariant: `pos <= end`. Each 64-bit value lands in the halves
 * `lo` and `hi`; each length-delimited field in `start` and `stop`.
 */
export class WireReader {
  bytes: Uint8Array = new Uint8Array(0);
  pos = 0;
  end = 0;
  lo = 0;
  hi = 0;
  start = 0;
  stop = 0;

  reset(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.pos = start;
    this.end = end;
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
    this.varint();
    const tag = this.lo >>> 0;
    const wireType = tag & 7;
    if (tag >>> 3 === 0 || wireType > 5) {
      throw new WireError('INVALID', `field ${tag >>> 3} with wire type ${wireType} at byte ${this.pos}`);
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
      if (pos >= end) throw truncated('varint', this.pos);
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
    throw new WireError('INVALID', `varint longer than 10 bytes at byte ${this.pos}`);
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
    if (this.end - this.pos < 8) throw truncated('double', this.pos);
    const view = new DataView(this.bytes.buffer, this.bytes.byteOffset + this.pos, 8);
    this.pos += 8;
    return view.getFloat64(0, true);
  }

  /** A length-delimited field into `start` and `stop`. */
  delimited(): void {
    this.varint();
    const length = this.lo;
    if (this.hi !== 0 || length > this.end - this.pos) throw truncated('length-delimited field', this.pos);
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
        if (depth >= GROUP_DEPTH_MAX)
          throw new WireError('INVALID', `groups nested deeper than ${GROUP_DEPTH_MAX}`);
        for (;;) {
          const inner = this.tag();
          if ((inner & 7) === WireType.GROUP_END) {
            if (inner >>> 3 === tag >>> 3) return;
            throw new WireError('INVALID', `group ${tag >>> 3} ended by ${inner >>> 3}`);
          }
          this.skip(inner, depth + 1);
        }
      default:
        throw new WireError('INVALID', `field ${tag >>> 3} has wire type ${tag & 7} at byte ${this.pos}`);
    }
  }

  private advance(count: number): void {
    if (count > this.end - this.pos) throw truncated('fixed-size field', this.pos);
    this.pos += count;
  }
}

function truncated(what: string, at: number): WireError {
  return new WireError('TRUNCATED', `${what} cut short at byte ${at}`);
}
