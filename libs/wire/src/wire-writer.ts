import { halvesOf } from './int64.js';

const utf8 = new TextEncoder();

/** Appends protobuf fields to a growing buffer. A field with its default value is left out, as proto3 does. */
export class WireWriter {
  private bytes: Buffer;
  private pos = 0;

  constructor(sizeHint = 256) {
    this.bytes = Buffer.allocUnsafe(sizeHint);
  }

  /** What was written, not copied; the writer must not be used after. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.pos);
  }

  uint32(field: number, value: number): void {
    if (value === 0) return;
    this.reserve(15);
    this.varint((field << 3) >>> 0, 0);
    this.varint(value >>> 0, 0);
  }

  int32(field: number, value: number): void {
    if (value === 0) return;
    this.reserve(15);
    this.varint((field << 3) >>> 0, 0);
    this.varint(value >>> 0, value < 0 ? 0xffffffff : 0);
  }

  int64(field: number, value: bigint): void {
    if (value === 0n) return;
    this.reserve(15);
    this.varint((field << 3) >>> 0, 0);
    const [lo, hi] = halvesOf(value);
    this.varint(lo, hi);
  }

  double(field: number, value: number): void {
    if (Object.is(value, 0)) return;
    this.reserve(13);
    this.varint(((field << 3) | 1) >>> 0, 0);
    this.pos = this.bytes.writeDoubleLE(value, this.pos);
  }

  string(field: number, value: string): void {
    if (value !== '') this.message(field, utf8.encode(value));
  }

  delimited(field: number, value: Uint8Array): void {
    if (value.length > 0) this.message(field, value);
  }

  /** As `delimited`, but present also when empty. */
  message(field: number, value: Uint8Array): void {
    this.reserve(10 + value.length);
    this.varint(((field << 3) | 2) >>> 0, 0);
    this.varint(value.length, 0);
    this.bytes.set(value, this.pos);
    this.pos += value.length;
  }

  private varint(lo: number, hi: number): void {
    while (hi > 0 || lo > 0x7f) {
      this.bytes[this.pos++] = (lo & 0x7f) | 0x80;
      lo = ((lo >>> 7) | (hi << 25)) >>> 0;
      hi >>>= 7;
    }
    this.bytes[this.pos++] = lo;
  }

  private reserve(count: number): void {
    if (this.bytes.length - this.pos >= count) return;
    const grown = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.pos + count));
    this.bytes.copy(grown, 0, 0, this.pos);
    this.bytes = grown;
  }
}
