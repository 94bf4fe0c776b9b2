import { ByteBuffer } from './byte-buffer.js';
import { halvesOfInt64, halvesOfUint64 } from './int64.js';
import { WireType } from './wire-type.js';

/** The longest string whose length prefix is one byte if it is ASCII. */
const SHORT_STRING_MAX = 127;

const utf8 = new TextEncoder();

/**
 * Appends protobuf fields, those with field numbers below 16. A field with its default value is left out, as proto3
 * does. Throws TypeError for a number that the field's type does not hold.
 */
export class WireWriter extends ByteBuffer {
  constructor(sizeHint = 256) {
    super(sizeHint);
  }

  /** What was written, not copied; the writer must not be used after. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.pos);
  }

  uint32(field: number, value: number): void {
    if (value === 0) return;
    if (value !== value >>> 0) throw new TypeError(`${value} is not an unsigned 32-bit integer`);
    this.tag(field, WireType.VARINT);
    this.varint(value, 0);
  }

  int32(field: number, value: number): void {
    if (value === 0) return;
    if (value !== (value | 0)) throw new TypeError(`${value} is not a signed 32-bit integer`);
    this.tag(field, WireType.VARINT);
    this.varint(value >>> 0, value < 0 ? 0xffffffff : 0);
  }

  int64(field: number, value: bigint): void {
    if (value === 0n) return;
    const [lo, hi] = halvesOfInt64(value);
    this.tag(field, WireType.VARINT);
    this.varint(lo, hi);
  }

  uint64(field: number, value: bigint): void {
    if (value === 0n) return;
    const [lo, hi] = halvesOfUint64(value);
    this.tag(field, WireType.VARINT);
    this.varint(lo, hi);
  }

  /** -0 is no default value: proto3 keeps it. */
  double(field: number, value: number): void {
    if (Object.is(value, 0)) return;
    this.tag(field, WireType.FIXED64);
    this.pos = this.bytes.writeDoubleLE(value, this.pos);
  }

  /** Half of a surrogate pair becomes U+FFFD. */
  string(field: number, value: string): void {
    if (value !== '' && !this.shortAscii(field, value)) this.message(field, utf8.encode(value));
  }

  delimited(field: number, value: Uint8Array): void {
    if (value.length > 0) this.message(field, value);
  }

  /** As `delimited`, but present also when empty. */
  message(field: number, value: Uint8Array): void {
    this.reserve(11 + value.length);
    this.tag(field, WireType.BYTES);
    this.varint(value.length, 0);
    this.bytes.set(value, this.pos);
    this.pos += value.length;
  }

  /** Whether it was written; nothing was if the string is long, or not ASCII. */
  private shortAscii(field: number, value: string): boolean {
    if (value.length > SHORT_STRING_MAX) return false;
    this.reserve(11 + value.length);
    for (let at = 0; at < value.length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) return false;
      this.bytes[this.pos + 2 + at] = unit;
    }
    this.tag(field, WireType.BYTES);
    this.bytes[this.pos] = value.length;
    this.pos += 1 + value.length;
    return true;
  }

  /** Makes room for a number behind it, too: ten bytes at the most. */
  private tag(field: number, wireType: number): void {
    this.reserve(11);
    this.bytes[this.pos++] = (field << 3) | wireType;
  }

  private varint(lo: number, hi: number): void {
    while (hi > 0 || lo > 0x7f) {
      this.bytes[this.pos++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    this.bytes[this.pos++] = lo;
  }
}
