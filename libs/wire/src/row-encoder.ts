import { isUtf8 } from 'node:buffer';
import { encodeBase64 } from './base64.js';
import { ByteBuffer } from './byte-buffer.js';
import { writeBigInt64, writeBigUint64, writeInt64, writeUint64 } from './decimal.js';
import { escapeText } from './json-text.js';
import { LastView } from './last-view.js';
import { ROWS_BYTES_INITIAL, ROWS_BYTES_KEPT_MAX } from './limits.js';
import { LogLineFields, scanLogLine } from './log-line.js';
import { metricDataJson } from './metric-json.js';
import { MetricFields, scanMetric } from './metric.js';

/** What overrides the message's own job id and time, and the store's number of the row. */
export interface RowHead {
  readonly jobId: string;
  /** Unix nanoseconds. */
  readonly timestamp: bigint;
  readonly ordinal?: bigint | undefined;
}

const TEXT = Buffer.from('"text":"');
const CONTENT = Buffer.from('"content":"');
const STREAM = Buffer.from('"stream":');
const TIMESTAMP = Buffer.from('"timestamp":');
const SEQUENCE = Buffer.from('"sequence":');
const ORDINAL = Buffer.from('"ordinal":');
const DATA = Buffer.from('"data":');

const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUOTE = 0x22;
const NEWLINE = 0x0a;

const logLine = new LogLineFields();
const metric = new MetricFields();

/**
 * Appends rows (JSON Lines) to one growing buffer. What throws leaves no trace: WireError for a message that does not
 * decode, TypeError for a time or an ordinal beyond 64 bits.
 */
export class RowEncoder {
  private readonly base64: boolean;
  private out = new ByteBuffer(ROWS_BYTES_INITIAL);
  private readonly views = new LastView();
  private jobId = '';
  private jobIdBytes = Buffer.alloc(0);

  /** `text` (default): content that is valid UTF-8 becomes readable text. `base64`: all content, as Go writes it. */
  constructor(options: { content?: 'text' | 'base64' } = {}) {
    this.base64 = options.content === 'base64';
  }

  /** Appends the LogLine in `bytes[start, end)`. */
  logRow(head: RowHead, bytes: Uint8Array, start: number, end: number): void {
    scanLogLine(bytes, start, end, logLine);
    this.row(head.jobId, () => {
      if (logLine.stream !== 0) {
        this.key(STREAM);
        writeInt64(this.out, logLine.stream >>> 0, logLine.stream < 0 ? 0xffff_ffff : 0);
      }
      this.order(head, logLine.sequenceLo, logLine.sequenceHi);
      if (logLine.contentEnd > logLine.contentStart) {
        this.content(bytes, logLine.contentStart, logLine.contentEnd);
      }
    });
  }

  /** Appends the Metric in `bytes[start, end)`. */
  metricRow(head: RowHead, bytes: Uint8Array, start: number, end: number): void {
    scanMetric(bytes, start, end, metric);
    this.row(head.jobId, () => {
      this.order(head, metric.sequenceLo, metric.sequenceHi);
      if (metric.data) {
        this.key(DATA);
        this.append(Buffer.from(metricDataJson(metric.data)));
      }
    });
  }

  get byteLength(): number {
    return this.out.pos;
  }

  /** The rows so far (each ends with a newline), for the caller to keep; starts anew. */
  take(): Buffer {
    const { bytes, pos } = this.out;
    if (bytes.length > ROWS_BYTES_KEPT_MAX) {
      this.out = new ByteBuffer(ROWS_BYTES_INITIAL);
      return bytes.subarray(0, pos);
    }
    this.out.pos = 0;
    const rows = Buffer.allocUnsafeSlow(pos);
    bytes.copy(rows, 0, 0, pos);
    return rows;
  }

  private row(jobId: string, writeMembers: () => void): void {
    const start = this.out.pos;
    try {
      this.out.reserve(1);
      this.out.bytes[this.out.pos++] = OPEN_BRACE;
      if (jobId !== '') this.jobIdMember(jobId);
      writeMembers();
      this.out.reserve(2);
      this.out.bytes[this.out.pos++] = CLOSE_BRACE;
      this.out.bytes[this.out.pos++] = NEWLINE;
    } catch (error) {
      this.out.pos = start;
      throw error;
    }
  }

  private jobIdMember(jobId: string): void {
    if (jobId !== this.jobId) {
      this.jobId = jobId;
      this.jobIdBytes = Buffer.from(`"job_id":${goString(jobId)}`);
    }
    this.key(this.jobIdBytes);
  }

  private order(head: RowHead, sequenceLo: number, sequenceHi: number): void {
    if (head.timestamp !== 0n) {
      this.key(TIMESTAMP);
      writeBigInt64(this.out, head.timestamp);
    }
    if (sequenceLo !== 0 || sequenceHi !== 0) {
      this.key(SEQUENCE);
      writeUint64(this.out, sequenceLo, sequenceHi);
    }
    if (head.ordinal !== undefined) {
      this.key(ORDINAL);
      writeBigUint64(this.out, head.ordinal);
    }
  }

  private content(bytes: Uint8Array, start: number, end: number): void {
    if (this.base64 || !isUtf8(bytes.subarray(start, end))) {
      this.key(CONTENT);
      encodeBase64(this.out, bytes, start, end);
    } else {
      this.key(TEXT);
      escapeText(this.out, bytes, this.views.of(bytes), start, end);
    }
    this.out.reserve(1);
    this.out.bytes[this.out.pos++] = QUOTE;
  }

  /** What opens the next member: a comma unless it is the first, then the key. */
  private key(key: Uint8Array): void {
    this.out.reserve(1 + key.length);
    const { bytes } = this.out;
    let { pos } = this.out;
    if (bytes[pos - 1] !== OPEN_BRACE) bytes[pos++] = COMMA;
    // For so few bytes a loop is faster than a copy.
    for (let at = 0; at < key.length; at++) bytes[pos++] = key[at];
    this.out.pos = pos;
  }

  private append(bytes: Buffer): void {
    this.out.reserve(bytes.length);
    this.out.pos += bytes.copy(this.out.bytes, this.out.pos);
  }
}

/** A JSON string as Go's encoding/json writes it. */
function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
