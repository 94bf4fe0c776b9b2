// LogLines as JSON rows, in AssemblyScript: what plain-row-texts.ts does, byte for byte, several times as fast. It takes a slice of
// rows (wire messages, one behind the other) into fixed memory, and gives texts and filters of any rows of it. It never
// allocates. What it does not take (see `scan`), the plain code does.

import { digits, signedDigits, writeDigits, writeSigned } from './decimal';

/** Rows of a slice at the most. */
export const ROWS_MAX: u32 = 8192;
/** Wire bytes of a slice at the most. */
export const INPUT_BYTES: u32 = 1 << 20;
/** Text of a member at the most. */
export const TEXT_BYTES: u32 = 512 << 10;
/** What every row begins with, at the most. */
export const PREFIX_BYTES: u32 = 1024;

// Set by the caller before `scan`.
export const input: usize = memory.data((1 << 20) + 32, 16);
/** Bytes of each row, u32. */
export const inputLengths: usize = memory.data(4 * 8192, 16);
/** Unix nanoseconds of each row, i64. */
export const timestamps: usize = memory.data(8 * 8192, 16);
export const prefix: usize = memory.data(1024 + 32, 16);

// What `scan` finds.
/** The file of each row, u8: 1 stdout, 2 stderr. */
export const streams: usize = memory.data(8192, 16);
/** Bytes of each row's text, u32. */
export const textLengths: usize = memory.data(4 * 8192, 16);

/** Bytes of each row's content, u32. */
export const contentLengths: usize = memory.data(4 * 8192, 16);

/** Of each row: content start u32, kind of content i32, sequence u64, stream i32. */
export const fields: usize = memory.data(24 * 8192, 16);
export const FIELDS_SIZE: usize = 24;

// Set by the caller before `writeText` and `makeFilter`: numbers of rows, u32, ascending.
export const picked: usize = memory.data(4 * 8192, 16);

export const text: usize = memory.data((512 << 10) + 32, 16);

// Kinds of content.
const NONE: i32 = 0;
/** UTF-8 in which nothing needs an escape. */
const PLAIN: i32 = 1;
const ESCAPED: i32 = 2;
const BASE64: i32 = 3;

const KEY_STREAM: usize = memory.data<u8>([
  0x2c, 0x22, 0x73, 0x74, 0x72, 0x65, 0x61, 0x6d, 0x22, 0x3a, 0, 0, 0, 0, 0, 0,
]);
const KEY_STREAM_BYTES: u32 = 10;
const KEY_TIMESTAMP: usize = memory.data<u8>([
  0x2c, 0x22, 0x74, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0x22, 0x3a, 0, 0, 0,
]);
const KEY_TIMESTAMP_BYTES: u32 = 13;
const KEY_SEQUENCE: usize = memory.data<u8>([
  0x2c, 0x22, 0x73, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x22, 0x3a, 0, 0, 0, 0,
]);
const KEY_SEQUENCE_BYTES: u32 = 12;
const KEY_TEXT: usize = memory.data<u8>([
  0x2c, 0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x22, 0, 0, 0, 0, 0, 0, 0,
]);
const KEY_TEXT_BYTES: u32 = 9;
const KEY_CONTENT: usize = memory.data<u8>([
  0x2c, 0x22, 0x63, 0x6f, 0x6e, 0x74, 0x65, 0x6e, 0x74, 0x22, 0x3a, 0x22, 0, 0, 0, 0,
]);
const KEY_CONTENT_BYTES: u32 = 12;

/** What follows the backslash for each byte below 0x20. */
const CONTROL_ESCAPES: usize = memory.data<u8>([
  0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x62, 0x74, 0x6e, 0x75, 0x66, 0x72, 0x75, 0x75, 0x75, 0x75,
  0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75, 0x75,
]);

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;
const LOWER_U: u8 = 0x75;
const ZERO: u8 = 0x30;
const PAD: u8 = 0x3d;

// What the last `varint`, `delimited` left behind.
let pos: usize = 0;
let value: u64 = 0;

let prefixBytes: u32 = 0;

/**
 * Looks at the first `count` rows. False when one is not taken: it is no LogLine, has groups or
 * something else that only the plain code judges, or more text than TEXT_BYTES.
 */
export function scan(count: u32, prefixLength: u32, base64: bool): bool {
  prefixBytes = prefixLength;
  let start = input;
  for (let row: u32 = 0; row < count; row++) {
    const end = start + load<u32>(inputLengths + ((<usize>row) << 2));
    if (!scanRow(row, start, end, base64)) return false;
    start = end;
  }
  return true;
}

function scanRow(row: u32, start: usize, end: usize, base64: bool): bool {
  let stream: i32 = 0;
  let sequence: u64 = 0;
  let contentStart: usize = 0;
  let contentBytes: u32 = 0;
  pos = start;
  while (pos < end) {
    if (!tag(end)) return false;
    switch (<u32>value) {
      case 0x0a:
        if (!delimited(end)) return false;
        break;
      case 0x10:
        if (!varint(end)) return false;
        stream = <i32>value;
        break;
      case 0x18:
        if (!varint(end)) return false;
        break;
      case 0x20:
        if (!varint(end)) return false;
        sequence = value;
        break;
      case 0x2a:
        if (!delimited(end)) return false;
        contentBytes = <u32>value;
        contentStart = pos - <usize>value;
        break;
      default:
        if (!skip(<u32>value, end)) return false;
    }
  }

  let length = prefixBytes + 2;
  const timestamp = load<i64>(timestamps + ((<usize>row) << 3));
  if (stream !== 0) length += KEY_STREAM_BYTES + signedDigits(stream);
  if (timestamp !== 0) length += KEY_TIMESTAMP_BYTES + signedDigits(timestamp);
  if (sequence !== 0) length += KEY_SEQUENCE_BYTES + digits(sequence);
  let kind = NONE;
  if (contentBytes > 0) {
    const extra = base64 ? -1 : escapeBytes(contentStart, contentStart + contentBytes);
    if (extra < 0) {
      kind = BASE64;
      length += KEY_CONTENT_BYTES + 1 + ((contentBytes + 2) / 3) * 4;
    } else {
      kind = extra === 0 ? PLAIN : ESCAPED;
      length += KEY_TEXT_BYTES + 1 + contentBytes + extra;
    }
  }
  if (length > TEXT_BYTES) return false;
  store<u8>(streams + row, stream === 2 ? 2 : 1);
  store<u32>(textLengths + ((<usize>row) << 2), length);
  store<u32>(contentLengths + ((<usize>row) << 2), contentBytes);
  const at = fields + <usize>row * FIELDS_SIZE;
  store<u32>(at, <u32>contentStart);
  store<i32>(at + 4, kind);
  store<u64>(at + 8, sequence);
  store<i32>(at + 16, stream);
  return true;
}

// Protobuf, as wire-reader.ts.

/** A field's tag into `value`. */
function tag(end: usize): bool {
  const first = load<u8>(pos);
  if (first < 0x80 && first > 7) {
    value = first;
    pos++;
    return true;
  }
  return longTag(end);
}

function longTag(end: usize): bool {
  const from = pos;
  if (!varint(end) || pos - from > 5 || value > 0xffff_ffff) return false;
  return value >>> 3 !== 0 && (value & 7) <= 5;
}

function varint(end: usize): bool {
  if (pos < end) {
    const first = load<u8>(pos);
    if (first < 0x80) {
      value = first;
      pos++;
      return true;
    }
  }
  return longVarint(end);
}

function longVarint(end: usize): bool {
  let result: u64 = 0;
  for (let shift: u64 = 0; shift < 70 && pos < end; shift += 7) {
    const byte: u64 = load<u8>(pos++);
    result |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return true;
    }
  }
  return false;
}

/** Its length into `value`; `pos` behind it. */
function delimited(end: usize): bool {
  if (!varint(end) || value > <u64>(end - pos)) return false;
  pos += <usize>value;
  return true;
}

function skip(tag: u32, end: usize): bool {
  switch (tag & 7) {
    case 0:
      return varint(end);
    case 1:
      return advance(8, end);
    case 2:
      return delimited(end);
    case 5:
      return advance(4, end);
    default:
      return false;
  }
}

function advance(count: usize, end: usize): bool {
  if (count > end - pos) return false;
  pos += count;
  return true;
}

// Text.

/** Bytes that escapes add to `[start, end)`; -1 when it is no UTF-8. */
function escapeBytes(start: usize, end: usize): i32 {
  let extra: i32 = 0;
  for (let from = start; from < end; from += 16) {
    const chunk = v128.load(from);
    const meant: i32 = end - from < 16 ? (1 << ((end - from) as i32)) - 1 : 0xffff;
    // As signed numbers, what is not ASCII is below 0x20 as well.
    const controls = i8x16.bitmask(i8x16.lt_s(chunk, i8x16.splat(0x20))) & meant;
    if (controls !== 0) {
      if ((i8x16.bitmask(chunk) & meant) !== 0) {
        return isUtf8(from, end) ? extra + scalarEscapeBytes(from, end) : -1;
      }
      extra += scalarEscapeBytes(from, min(from + 16, end));
    } else {
      extra += popcnt(i8x16.bitmask(quoted(chunk)) & meant);
    }
  }
  return extra;
}

/** Which bytes of the chunk are a quote or a backslash. */
function quoted(chunk: v128): v128 {
  return v128.or(i8x16.eq(chunk, i8x16.splat(0x22)), i8x16.eq(chunk, i8x16.splat(0x5c)));
}

function scalarEscapeBytes(from: usize, end: usize): i32 {
  let extra: i32 = 0;
  for (; from < end; from++) {
    const byte = load<u8>(from);
    if (byte === QUOTE || byte === BACKSLASH) extra++;
    else if (byte < 0x20) extra += load<u8>(CONTROL_ESCAPES + byte) === LOWER_U ? 5 : 1;
  }
  return extra;
}

/** RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF. */
function isUtf8(from: usize, end: usize): bool {
  while (from < end) {
    const lead = load<u8>(from++);
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const more: usize = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (end - from < more) return false;
    const second = load<u8>(from);
    const least: u8 = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const most: u8 = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (second < least || second > most) return false;
    for (let at: usize = 1; at < more; at++) {
      if ((load<u8>(from + at) & 0xc0) !== 0x80) return false;
    }
    from += more;
  }
  return true;
}

/** The texts of the first `count` picked rows, one behind the other. Their lengths, summed up, are at most TEXT_BYTES. */
export function writeText(count: u32): void {
  let out = text;
  for (let i: u32 = 0; i < count; i++) out = writeRow(load<u32>(picked + ((<usize>i) << 2)), out);
}

function writeRow(row: u32, out: usize): usize {
  const at = fields + <usize>row * FIELDS_SIZE;
  out = copy(out, prefix, prefixBytes);
  const stream = load<i32>(at + 16);
  if (stream !== 0) {
    v128.store(out, v128.load(KEY_STREAM));
    out = writeSigned(out + KEY_STREAM_BYTES, stream);
  }
  const timestamp = load<i64>(timestamps + ((<usize>row) << 3));
  if (timestamp !== 0) {
    v128.store(out, v128.load(KEY_TIMESTAMP));
    out = writeSigned(out + KEY_TIMESTAMP_BYTES, timestamp);
  }
  const sequence = load<u64>(at + 8);
  if (sequence !== 0) {
    v128.store(out, v128.load(KEY_SEQUENCE));
    out = writeDigits(out + KEY_SEQUENCE_BYTES, sequence);
  }
  const kind = load<i32>(at + 4);
  if (kind !== NONE) {
    const from: usize = load<u32>(at);
    const length: usize = load<u32>(contentLengths + ((<usize>row) << 2));
    if (kind === BASE64) {
      v128.store(out, v128.load(KEY_CONTENT));
      out = writeBase64(out + KEY_CONTENT_BYTES, from, from + length);
    } else {
      v128.store(out, v128.load(KEY_TEXT));
      out += KEY_TEXT_BYTES;
      out = kind === PLAIN ? copy(out, from, length) : writeEscaped(out, from, from + length);
    }
    store<u8>(out++, QUOTE);
  }
  store<u16>(out, 0x0a7d);
  return out + 2;
}

/** A loop of vectors is faster than `memory.copy` for what is as short as a line. */
function copy(out: usize, from: usize, length: usize): usize {
  for (let done: usize = 0; done < length; done += 16) v128.store(out + done, v128.load(from + done));
  return out + length;
}

function writeEscaped(out: usize, from: usize, end: usize): usize {
  while (from < end) {
    const chunk = v128.load(from);
    v128.store(out, chunk);
    const specials = i8x16.bitmask(v128.or(quoted(chunk), i8x16.lt_u(chunk, i8x16.splat(0x20))));
    const plain = min<usize>(specials === 0 ? 16 : ctz(specials), end - from);
    from += plain;
    out += plain;
    if (specials !== 0 && from < end) out = writeEscape(out, load<u8>(from++));
  }
  return out;
}

function writeEscape(out: usize, byte: u8): usize {
  store<u8>(out, BACKSLASH);
  const letter = byte < 0x20 ? load<u8>(CONTROL_ESCAPES + byte) : byte;
  store<u8>(out + 1, letter);
  if (letter !== LOWER_U) return out + 2;
  store<u16>(out + 2, 0x3030);
  store<u8>(out + 4, ZERO + (byte >> 4));
  const low = byte & 15;
  store<u8>(out + 5, low < 10 ? ZERO + low : 0x57 + low);
  return out + 6;
}

function writeBase64(out: usize, from: usize, end: usize): usize {
  for (; end - from >= 3; from += 3) {
    const bits = ((<u32>load<u8>(from)) << 16) | ((<u32>load<u8>(from + 1)) << 8) | (<u32>load<u8>(from + 2));
    out = writeBase64Group(out, bits);
  }
  if (from === end) return out;
  const two = end - from === 2;
  const bits = ((<u32>load<u8>(from)) << 16) | (two ? (<u32>load<u8>(from + 1)) << 8 : 0);
  out = writeBase64Group(out, bits);
  store<u8>(out - 1, PAD);
  if (!two) store<u8>(out - 2, PAD);
  return out;
}

function writeBase64Group(out: usize, bits: u32): usize {
  store<u8>(out, base64Digit(bits >>> 18));
  store<u8>(out + 1, base64Digit((bits >>> 12) & 63));
  store<u8>(out + 2, base64Digit((bits >>> 6) & 63));
  store<u8>(out + 3, base64Digit(bits & 63));
  return out + 4;
}

function base64Digit(sextet: u32): u8 {
  if (sextet < 26) return <u8>(0x41 + sextet);
  if (sextet < 52) return <u8>(0x61 - 26 + sextet);
  if (sextet < 62) return <u8>(0x30 - 52 + sextet);
  return sextet === 62 ? 0x2b : 0x2f;
}
