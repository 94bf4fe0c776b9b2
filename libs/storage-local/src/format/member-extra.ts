import { crc32 } from 'node:zlib';
import { MEMBER_ROWS_MAX, ORDINAL_MAX } from '../limits.js';

/** What a member of ours says of itself in its header, so that it is known without an index and without inflating. */
export interface MemberExtra {
  /** Bytes of the deflate stream between header and trailer. */
  readonly bodyBytes: number;
  readonly contentBytes: bigint;
  /** Unix nanoseconds. */
  readonly timeMin: bigint;
  readonly timeMax: bigint;
  /** Ascending; one for each row. */
  readonly ordinals: BigUint64Array;
}

/*
 * The FEXTRA field (RFC 1952, 2.3.1.1): one subfield "JB", then
 *   version u8 = 1, body bytes u32 LE,
 *   varints: content bytes, time min, time max (both as unsigned 64 bit), first ordinal, then the ordinals as runs:
 *   rows in the run, ordinals skipped, rows in the run, …
 *   CRC-32 of all this, u32 LE.
 */
const SUBFIELD_ID = 0x424a;
const VERSION = 1;
const FIXED_BYTES = 5;
const CRC_BYTES = 4;
const SUBFIELD_HEADER_BYTES = 4;

export function encodeMemberExtra(extra: MemberExtra): Buffer {
  const payload: number[] = [];
  pushVarint(payload, extra.contentBytes);
  pushVarint(payload, BigInt.asUintN(64, extra.timeMin));
  pushVarint(payload, BigInt.asUintN(64, extra.timeMax));
  pushOrdinals(payload, extra.ordinals);
  const size = FIXED_BYTES + payload.length + CRC_BYTES;
  const field = Buffer.alloc(SUBFIELD_HEADER_BYTES + size);
  field.writeUInt16LE(SUBFIELD_ID, 0);
  field.writeUInt16LE(size, 2);
  field.writeUInt8(VERSION, 4);
  field.writeUInt32LE(extra.bodyBytes, 5);
  field.set(payload, SUBFIELD_HEADER_BYTES + FIXED_BYTES);
  field.writeUInt32LE(crc32(field.subarray(SUBFIELD_HEADER_BYTES, -CRC_BYTES)), field.length - CRC_BYTES);
  return field;
}

function pushOrdinals(payload: number[], ordinals: BigUint64Array): void {
  const last = ordinals.length - 1;
  pushVarint(payload, ordinals[0]);
  let runStart = 0;
  // Ascending ordinals without a hole, by far the most common, are seen without looking at each.
  const isOneRun = ordinals[last] - ordinals[0] === BigInt(last);
  for (let row = 1; row <= last && !isOneRun; row++) {
    const skipped = ordinals[row] - ordinals[row - 1] - 1n;
    if (skipped === 0n) continue;
    pushVarint(payload, BigInt(row - runStart));
    pushVarint(payload, skipped);
    runStart = row;
  }
  pushVarint(payload, BigInt(last + 1 - runStart));
}

/** Undefined when the field has no subfield of ours, or a damaged one. */
export function decodeMemberExtra(field: Buffer): MemberExtra | undefined {
  for (let at = 0; at + SUBFIELD_HEADER_BYTES <= field.length;) {
    const start = at + SUBFIELD_HEADER_BYTES;
    const end = start + field.readUInt16LE(at + 2);
    if (end > field.length) return undefined;
    if (field.readUInt16LE(at) === SUBFIELD_ID) return decodeSubfield(field.subarray(start, end));
    at = end;
  }
  return undefined;
}

function decodeSubfield(subfield: Buffer): MemberExtra | undefined {
  const end = subfield.length - CRC_BYTES;
  if (end < FIXED_BYTES || subfield[0] !== VERSION) return undefined;
  if (crc32(subfield.subarray(0, end)) !== subfield.readUInt32LE(end)) return undefined;
  const cursor: Cursor = { bytes: subfield, pos: FIXED_BYTES, end, isOver: false };
  const contentBytes = varint(cursor);
  const timeMin = BigInt.asIntN(64, varint(cursor));
  const timeMax = BigInt.asIntN(64, varint(cursor));
  const ordinals = decodeOrdinals(cursor);
  const bodyBytes = subfield.readUInt32LE(1);
  return ordinals && { bodyBytes, contentBytes, timeMin, timeMax, ordinals };
}

const scratch = new BigUint64Array(MEMBER_ROWS_MAX);
/** Its halves, low ones first: a bigint for each row would take longer than all the rest. */
const halves = new Uint32Array(scratch.buffer);

/** Undefined when there are none, or such as no member can have: the header was not made by this store. */
function decodeOrdinals(cursor: Cursor): BigUint64Array | undefined {
  let ordinal = varint(cursor);
  let rows = 0;
  for (;;) {
    const run = varint(cursor);
    if (cursor.isOver || run === 0n || run > BigInt(MEMBER_ROWS_MAX - rows)) return undefined;
    if (ordinal + run - 1n > ORDINAL_MAX) return undefined;
    let low = Number(BigInt.asUintN(32, ordinal));
    let high = Number(ordinal >> 32n);
    for (const stop = rows + Number(run); rows < stop; rows++) {
      halves[2 * rows] = low;
      halves[2 * rows + 1] = high;
      low = (low + 1) >>> 0;
      if (low === 0) high++;
    }
    ordinal += run;
    if (cursor.pos === cursor.end) return scratch.slice(0, rows);
    ordinal += varint(cursor);
  }
}

function pushVarint(bytes: number[], value: bigint): void {
  while (value > 0x7fn) {
    bytes.push(Number(value & 0x7fn) | 0x80);
    value >>= 7n;
  }
  bytes.push(Number(value));
}

interface Cursor {
  readonly bytes: Buffer;
  pos: number;
  readonly end: number;
  /** Whether a number was not there as a whole, or had more than 64 bits. */
  isOver: boolean;
}

function varint(cursor: Cursor): bigint {
  const { bytes, end } = cursor;
  if (cursor.pos < end && bytes[cursor.pos] < 0x80) return BigInt(bytes[cursor.pos++]);
  let value = 0n;
  for (let shift = 0n; shift < 70n && cursor.pos < end; shift += 7n) {
    const byte = bytes[cursor.pos++];
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  cursor.isOver = true;
  return 0n;
}
