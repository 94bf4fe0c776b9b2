// JSON rows as LogLine messages, in AssemblyScript: what LogRowTranscoder does, byte for byte, several times as fast, for rows as this
// store writes them. It never allocates. A text with any other row is left to LogRowTranscoder, which knows them all.

/** Rows of a text at the most. */
export const ROWS_MAX: u32 = 4096;
/** Bytes of a text at the most. */
export const TEXT_BYTES: u32 = 512 << 10;
/** Of what every row begins with, up to the digits of its time, and every message, up to its time. */
export const HEAD_BYTES: u32 = 1024;

// Set by the caller before `transcode`.
export const text: usize = memory.data((512 << 10) + 64, 16);
export const rowHead: usize = memory.data(1024 + 32, 16);
export const messageHead: usize = memory.data(1024 + 32, 16);

// What `transcode` makes.
/** A message is never longer than its row: messages of a text have room. */
export const messages: usize = memory.data((512 << 10) + 64, 16);
/** Where each message begins and ends in `messages`, u32. */
export const starts: usize = memory.data(4 * 4096, 16);
export const ends: usize = memory.data(4 * 4096, 16);
/** Unix nanoseconds, i64. */
export const timestamps: usize = memory.data(8 * 4096, 16);

const KEY_SEQUENCE: usize = memory.data<u8>([
  0x22, 0x73, 0x65, 0x71, 0x75, 0x65, 0x6e, 0x63, 0x65, 0x22, 0x3a, 0, 0, 0, 0, 0,
]);
const KEY_SEQUENCE_BYTES: u32 = 11;
const KEY_TEXT: usize = memory.data<u8>([
  0x22, 0x74, 0x65, 0x78, 0x74, 0x22, 0x3a, 0x22, 0, 0, 0, 0, 0, 0, 0, 0,
]);
const KEY_TEXT_BYTES: u32 = 8;

/** What stands for each byte behind a backslash; 0: it may not be there, or is `u`. */
const UNESCAPED: usize = memory.data(256);
store<u8>(UNESCAPED + 0x22, 0x22);
store<u8>(UNESCAPED + 0x2f, 0x2f);
store<u8>(UNESCAPED + 0x5c, 0x5c);
store<u8>(UNESCAPED + 0x62, 0x08);
store<u8>(UNESCAPED + 0x66, 0x0c);
store<u8>(UNESCAPED + 0x6e, 0x0a);
store<u8>(UNESCAPED + 0x72, 0x0d);
store<u8>(UNESCAPED + 0x74, 0x09);

const NEWLINE: u8 = 0x0a;
const QUOTE: u8 = 0x22;
const COMMA: u8 = 0x2c;
const ZERO: u8 = 0x30;
const BACKSLASH: u8 = 0x5c;
const LOWER_U: u8 = 0x75;
const CLOSE_BRACE: u8 = 0x7d;

const TAG_TIMESTAMP: u8 = 0x18;
const TAG_SEQUENCE: u8 = 0x20;
const TAG_CONTENT: u8 = 0x2a;

/** A number of so many digits always fits 64 bits. */
const DIGITS_MAX: usize = 18;
/** Digits of a time in nanoseconds of this century. */
const TIME_DIGITS: usize = 19;
const TIME_MAX: u64 = 9_000_000_000_000_000_000;
/** Of the length of a content: texts are short. */
const LENGTH_BYTES_MAX: usize = 3;

// What the last call of `digits` or `unescape` left behind.
let pos: usize = 0;
let value: u64 = 0;

/** The bytes of `messages` that are used; -1 unless the text is just so many rows such as the store writes them. */
export function transcode(rows: u32, textBytes: u32, rowHeadBytes: u32, messageHeadBytes: u32): i32 {
  const textEnd = text + textBytes;
  // No digit, no part of a string: whatever is read stops here.
  store<u8>(textEnd, NEWLINE);
  let out = messages;
  pos = text;
  for (let row: u32 = 0; row < rows; row++) {
    if (pos + rowHeadBytes >= textEnd || !isSame(pos, rowHead, rowHeadBytes)) return -1;
    pos += rowHeadBytes;
    if (!digits(TIME_DIGITS) || value >= TIME_MAX) return -1;
    const time = value;
    if (load<u8>(pos++) !== COMMA) return -1;
    let sequence: u64 = 0;
    if (isSame(pos, KEY_SEQUENCE, KEY_SEQUENCE_BYTES)) {
      pos += KEY_SEQUENCE_BYTES;
      if (!digits(DIGITS_MAX)) return -1;
      sequence = value;
      if (load<u8>(pos++) !== COMMA) return -1;
    }
    if (!isSame(pos, KEY_TEXT, KEY_TEXT_BYTES)) return -1;
    pos += KEY_TEXT_BYTES;

    const headBytes: usize =
      <usize>messageHeadBytes + 1 + varintBytes(time) + (sequence > 0 ? 1 + varintBytes(sequence) : 0) + 1;
    const contentStart = out + headBytes + LENGTH_BYTES_MAX;
    const contentEnd = unescape(contentStart, textEnd);
    if (contentEnd <= contentStart) return -1;
    if (load<u8>(pos + 1) !== CLOSE_BRACE || load<u8>(pos + 2) !== NEWLINE) return -1;
    pos += 3;
    if (pos > textEnd) return -1;

    const length: u64 = contentEnd - contentStart;
    let at = contentStart - headBytes - varintBytes(length);
    store<u32>(starts + ((<usize>row) << 2), <u32>(at - messages));
    at = copy(at, messageHead, messageHeadBytes);
    store<u8>(at, TAG_TIMESTAMP);
    at = writeVarint(at + 1, time);
    if (sequence > 0) {
      store<u8>(at, TAG_SEQUENCE);
      at = writeVarint(at + 1, sequence);
    }
    store<u8>(at, TAG_CONTENT);
    writeVarint(at + 1, length);
    store<u32>(ends + ((<usize>row) << 2), <u32>(contentEnd - messages));
    store<i64>(timestamps + ((<usize>row) << 3), time);
    out = contentEnd;
  }
  return pos === textEnd ? <i32>(out - messages) : -1;
}

/** A number without a sign or a zero before it into `value`; `pos` behind it. */
function digits(most: usize): bool {
  const from = pos;
  value = 0;
  let digit: u8 = load<u8>(pos) - ZERO;
  if (digit === 0) return false;
  while (digit <= 9) {
    value = value * 10 + digit;
    digit = load<u8>(++pos) - ZERO;
    if (pos - from > most) return false;
  }
  return pos > from;
}

/** The string at `pos` to `out`; the end of what was written, `pos` at the quote. 0: it is none of those that the store writes. */
function unescape(out: usize, end: usize): usize {
  for (let from = pos; from < end;) {
    const chunk = v128.load(from);
    v128.store(out, chunk);
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(chunk, i8x16.splat(0x22)), i8x16.eq(chunk, i8x16.splat(0x5c))),
        i8x16.lt_u(chunk, i8x16.splat(0x20)),
      ),
    );
    if (special === 0) {
      from += 16;
      out += 16;
      continue;
    }
    const plain: usize = ctz(special);
    from += plain;
    out += plain;
    const byte = load<u8>(from);
    if (byte === QUOTE) {
      pos = from;
      return out;
    }
    if (byte !== BACKSLASH) return 0;
    const letter = load<u8>(from + 1);
    if (letter === LOWER_U) {
      // As the store writes control characters; it writes no others like this.
      if (load<u16>(from + 2) !== 0x3030) return 0;
      const high = hexDigit(load<u8>(from + 4));
      const low = hexDigit(load<u8>(from + 5));
      if (high > 7 || low > 15) return 0;
      store<u8>(out, (high << 4) | low);
      from += 6;
    } else {
      const byte = load<u8>(UNESCAPED + <usize>letter);
      if (byte === 0) return 0;
      store<u8>(out, byte);
      from += 2;
    }
    out++;
  }
  return 0;
}

/** 255: it is none. */
function hexDigit(byte: u8): u8 {
  const digit: u8 = byte - ZERO;
  if (digit <= 9) return digit;
  const letter: u8 = (byte | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 255;
}

/** Of each, up to 16 bytes behind the length are looked at. */
function isSame(a: usize, b: usize, length: u32): bool {
  for (let at: u32 = 0; at < length; at += 16) {
    const equal = i8x16.bitmask(i8x16.eq(v128.load(a + at), v128.load(b + at)));
    const meant: i32 = length - at < 16 ? (1 << (length - at)) - 1 : 0xffff;
    if ((equal & meant) !== meant) return false;
  }
  return true;
}

/** The end of what was written. Nothing behind it is touched: the content is there. */
function copy(out: usize, from: usize, length: u32): usize {
  let at: u32 = 0;
  for (; at + 16 <= length; at += 16) v128.store(out + at, v128.load(from + at));
  for (; at < length; at++) store<u8>(out + at, load<u8>(from + at));
  return out + length;
}

function varintBytes(number: u64): usize {
  return <usize>((70 - clz(number | 1)) / 7);
}

function writeVarint(out: usize, number: u64): usize {
  for (; number > 0x7f; number >>= 7) store<u8>(out++, <u8>(number | 0x80));
  store<u8>(out, <u8>number);
  return out + 1;
}
