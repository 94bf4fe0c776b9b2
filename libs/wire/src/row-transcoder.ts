import { HI, LO } from './int64.js';
import { ESCAPES, hasSpecial, hexDigit, UNESCAPED } from './json-text.js';
import { LastView, viewOf } from './last-view.js';
import { encodeLogLine } from './log-line.js';
import { decodeLogRow } from './row-decoder.js';
import { WireError } from './wire-error.js';

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;
const ONE = 0x31;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const CLOSE_BRACE = 0x7d;
const TWO_32 = 0x1_0000_0000;
const BILLION = 1_000_000_000;
const NANOSECOND_DIGITS = 9;

const TAG_JOB_ID = 0x0a;
const TAG_STREAM = 0x10;
const TAG_TIMESTAMP = 0x18;
const TAG_SEQUENCE = 0x20;
const TAG_CONTENT = 0x2a;
/** Digits of a number that a double holds for sure. */
const SAFE_DIGITS = 15;
const STDERR = 2;

const NOTHING = Buffer.alloc(0);
const NO_VIEW = viewOf(NOTHING);

/** Text that is looked for at many places, four bytes at a time. */
class Prefix {
  readonly length: number;
  private readonly bytes: Buffer;
  private readonly words: Int32Array;

  constructor(text: string) {
    this.bytes = Buffer.from(text, 'latin1');
    this.length = this.bytes.length;
    this.words = Int32Array.from({ length: this.length >> 2 }, (_, word) => this.bytes.readInt32LE(4 * word));
  }

  /** `view` is of `text`. */
  isAt(text: Buffer, view: DataView, pos: number): boolean {
    const { bytes, words, length } = this;
    if (pos + length > text.length) return false;
    for (let word = 0; word < words.length; word++) {
      if (view.getInt32(pos + 4 * word, true) !== words[word]) return false;
    }
    for (let at = 4 * words.length; at < length; at++) if (text[pos + at] !== bytes[at]) return false;
    return true;
  }
}

const SEQUENCE = new Prefix('"sequence":');
const TEXT = new Prefix('"text":"');

/** LogLine messages, and their times: row i is `bytes[starts[i], ends[i])`; starts ascend. */
export interface TranscodedRows {
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Unix nanoseconds. */
  readonly timestamps: BigInt64Array;
}

/**
 * Makes LogLine messages of the log rows of one job and stream as RowEncoder writes them: those that `encodeLogLine`
 * makes of what `decodeLogRow` finds, without an object for each row. A message is never longer than its row, so it is
 * made in its place: content without escapes stays where it is, the head is written before it.
 */
export class LogRowTranscoder {
  private readonly jobId: string;
  private readonly isStderr: boolean;
  /** How each row begins, up to the digits of its time, and how its message does. */
  private readonly rowHead: Prefix;
  private readonly messageHead: Buffer;
  private readonly views = new LastView();
  private text: Buffer = NOTHING;
  private view = NO_VIEW;
  private pos = 0;
  /** Of the row that was transcoded last. */
  private start = 0;
  private end = 0;
  private timeLo = 0;
  private timeHi = 0;
  /** How the last row began, down to the second, and its time without the nanoseconds: many rows have the same. */
  private secondHead: Prefix;
  private secondsLo = 0;
  private secondsHi = 0;

  /** `stream`: 1 stdout, 2 stderr. */
  constructor(jobId: string, stream: number) {
    this.jobId = jobId;
    this.isStderr = stream === STDERR;
    const job = Buffer.from(jobId);
    this.rowHead = new Prefix(`{"job_id":${JSON.stringify(jobId)},"stream":${stream},"timestamp":`);
    this.secondHead = this.rowHead;
    const isShort = job.length <= 0x7f && job.length > 0;
    this.messageHead = isShort
      ? Buffer.from([TAG_JOB_ID, job.length, ...job, TAG_STREAM, stream])
      : Buffer.alloc(0);
  }

  /**
   * The rows in `text`, whose bytes are used up, whatever comes of it. Undefined unless all of it is so many rows of this
   * job and stream, each with its newline, none of them a gap: whoever reads row by row then tells what it is.
   */
  transcode(text: Buffer, rows: number): TranscodedRows | undefined {
    const starts = new Uint32Array(rows);
    const ends = new Uint32Array(rows);
    const timestamps = new BigInt64Array(rows);
    const times = new Uint32Array(timestamps.buffer);
    this.text = text;
    this.view = this.views.of(text);
    this.pos = 0;
    try {
      for (let row = 0; row < rows; row++) {
        const rowStart = this.pos;
        const isDone = this.messageHead.length > 0 && this.quickRow();
        if (isDone === undefined) return undefined;
        if (!isDone && !this.anyRow(rowStart)) return undefined;
        starts[row] = this.start;
        ends[row] = this.end;
        times[2 * row + LO] = this.timeLo;
        times[2 * row + HI] = this.timeHi;
      }
      return this.pos === text.length ? { bytes: text, starts, ends, timestamps } : undefined;
    } finally {
      this.text = NOTHING;
      this.view = NO_VIEW;
    }
  }

  /** False: nothing was touched. Undefined: it is no row that is written like this, and was changed. */
  private quickRow(): boolean | undefined {
    const { text, view } = this;
    let pos = this.time(this.pos);
    if (pos < 0 || text[pos++] !== COMMA) return false;
    let sequence = 0;
    if (SEQUENCE.isAt(text, view, pos)) {
      const from = (pos += SEQUENCE.length);
      if (!(text[pos] >= ONE && text[pos] <= NINE)) return false;
      for (; text[pos] >= ZERO && text[pos] <= NINE; pos++) sequence = sequence * 10 + text[pos] - ZERO;
      if (pos - from > SAFE_DIGITS || text[pos++] !== COMMA) return false;
    }
    if (!TEXT.isAt(text, view, pos)) return false;
    const contentStart = pos + TEXT.length;
    const plainEnd = this.plainEnd(contentStart);
    const isEscaped = text[plainEnd] === BACKSLASH;
    const contentEnd = isEscaped ? this.unescape(plainEnd) : plainEnd;
    if (contentEnd < 0) return undefined;
    if (!isEscaped) this.pos = plainEnd;
    const isWhole =
      text[this.pos] === QUOTE && text[this.pos + 1] === CLOSE_BRACE && text[this.pos + 2] === NEWLINE;
    if (!isWhole || contentEnd === contentStart) {
      return isEscaped ? undefined : false;
    }
    this.pos += 3;
    this.writeHead(contentStart, contentEnd - contentStart, sequence);
    this.end = contentEnd;
    return true;
  }

  /** Reads a row up to its time; the position behind that, -1 when it does not begin like this, or is not quickly read. */
  private time(rowStart: number): number {
    const { text, view } = this;
    if (this.secondHead === this.rowHead || !this.secondHead.isAt(text, view, rowStart)) {
      if (!this.seconds(rowStart)) return -1;
    }
    let pos = rowStart + this.secondHead.length;
    let nanoseconds = 0;
    for (const stop = pos + NANOSECOND_DIGITS; pos < stop; pos++) {
      const digit = text[pos] - ZERO;
      if (!(digit >= 0 && digit <= 9)) return -1;
      nanoseconds = nanoseconds * 10 + digit;
    }
    const lo = this.secondsLo + nanoseconds;
    this.timeLo = lo >>> 0;
    this.timeHi = lo >= TWO_32 ? this.secondsHi + 1 : this.secondsHi;
    return pos;
  }

  /** Takes all digits of a time but nine as the seconds of this row and of those behind it. */
  private seconds(rowStart: number): boolean {
    const { text, view, rowHead } = this;
    if (!rowHead.isAt(text, view, rowStart)) return false;
    const from = rowStart + rowHead.length;
    let pos = from;
    while (text[pos] >= ZERO && text[pos] <= NINE) pos++;
    const digits = pos - from;
    if (digits < 10 || digits > 19 || text[from] === ZERO || (digits === 19 && text[from] === NINE))
      return false;
    const split = pos - NANOSECOND_DIGITS;
    let seconds = 0;
    for (let at = from; at < split; at++) seconds = seconds * 10 + text[at] - ZERO;
    const upper = Math.floor(seconds / 0x10000) * BILLION;
    const lower = (seconds % 0x10000) * BILLION + (upper % 0x10000) * 0x10000;
    this.secondsHi = Math.floor(upper / 0x10000) + Math.floor(lower / TWO_32);
    this.secondsLo = lower % TWO_32;
    this.secondHead = new Prefix(text.toString('latin1', rowStart, split));
    return true;
  }

  /** Where the first byte is that does not stand for itself. */
  private plainEnd(from: number): number {
    const { text, view } = this;
    const last = text.length - 4;
    let pos = from;
    while (pos <= last && !hasSpecial(view.getInt32(pos, true))) pos += 4;
    for (;;) {
      const stop = Math.min(pos + 4, text.length);
      for (; pos < stop; pos++) if (ESCAPES[text[pos]] !== 0) return pos;
      if (pos === text.length) return pos;
      while (pos <= last && !hasSpecial(view.getInt32(pos, true))) pos += 4;
    }
  }

  /** Moves what follows the escape at `from` together, up to the quote, where `pos` is then. The new end; -1: cannot be. */
  private unescape(from: number): number {
    const { text, view } = this;
    const last = text.length - 4;
    let to = from;
    for (;;) {
      const byte = text[from];
      if (byte === BACKSLASH) {
        const letter = text[from + 1];
        if (letter === LOWER_U) {
          // As RowEncoder writes control characters; it writes no others like this.
          if (text[from + 2] !== ZERO || text[from + 3] !== ZERO) return -1;
          const high = hexDigit(text[from + 4]);
          const low = hexDigit(text[from + 5]);
          if (high < 0 || high > 7 || low < 0) return -1;
          text[to++] = (high << 4) | low;
          from += 6;
        } else {
          const plain = UNESCAPED[letter];
          if (plain === undefined || plain === 0) return -1;
          text[to++] = plain;
          from += 2;
        }
      } else if (byte === QUOTE) {
        this.pos = from;
        return to;
      } else if (byte === undefined || ESCAPES[byte] !== 0) return -1;
      else text[to++] = text[from++];
      for (; from <= last; from += 4, to += 4) {
        const word = view.getInt32(from, true);
        if (hasSpecial(word)) break;
        view.setInt32(to, word, true);
      }
    }
  }

  /** The row at `rowStart`, whatever its keys. False: it is none that can be given here. */
  private anyRow(rowStart: number): boolean {
    const { text, isStderr } = this;
    const rowEnd = text.indexOf(NEWLINE, rowStart);
    if (rowEnd <= rowStart) return false;
    this.pos = rowEnd + 1;
    try {
      const row = decodeLogRow(text, rowStart, rowEnd);
      const isOwn = row.jobId === this.jobId && (row.stream === STDERR) === isStderr;
      if (!isOwn || row.gap !== undefined) return false;
      const message = encodeLogLine(row);
      text.set(message, rowStart);
      this.start = rowStart;
      this.end = rowStart + message.length;
      this.timeLo = Number(BigInt.asUintN(32, row.timestamp));
      this.timeHi = Number(BigInt.asUintN(32, row.timestamp >> 32n));
      return true;
    } catch (error) {
      if (error instanceof WireError) return false;
      throw error;
    }
  }

  /** Everything of the message that comes before its content. */
  private writeHead(contentStart: number, contentBytes: number, sequence: number): void {
    const { text, messageHead } = this;
    const sequenceLo = sequence >>> 0;
    const sequenceHi = (sequence - sequenceLo) / TWO_32;
    let length =
      messageHead.length + 2 + varintBytes(this.timeLo, this.timeHi) + varintBytes(contentBytes, 0);
    if (sequence > 0) length += 1 + varintBytes(sequenceLo, sequenceHi);
    let pos = (this.start = contentStart - length);
    for (let at = 0; at < messageHead.length; at++) text[pos++] = messageHead[at];
    text[pos++] = TAG_TIMESTAMP;
    pos = writeVarint(text, pos, this.timeLo, this.timeHi);
    if (sequence > 0) {
      text[pos++] = TAG_SEQUENCE;
      pos = writeVarint(text, pos, sequenceLo, sequenceHi);
    }
    text[pos++] = TAG_CONTENT;
    writeVarint(text, pos, contentBytes, 0);
  }
}

function varintBytes(lo: number, hi: number): number {
  const bits = hi > 0 ? 64 - Math.clz32(hi) : 32 - Math.clz32(lo);
  return Math.max(1, Math.ceil(bits / 7));
}

function writeVarint(bytes: Buffer, pos: number, lo: number, hi: number): number {
  while (hi > 0 || lo > 0x7f) {
    bytes[pos++] = (lo & 0x7f) | 0x80;
    lo = ((lo >>> 7) | (hi << 25)) >>> 0;
    hi >>>= 7;
  }
  bytes[pos++] = lo;
  return pos;
}
