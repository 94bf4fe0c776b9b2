import { int64FromHalves, uint64FromHalves } from './int64.js';
import type { LogLine } from './messages.js';
import { sharedString } from './utf8.js';
import { WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

/** Where the fields of one LogLine are: byte positions and 64-bit halves. Reused from line to line. */
export class LogLineFields {
  jobIdStart = 0;
  jobIdEnd = 0;
  stream = 0;
  timestampLo = 0;
  timestampHi = 0;
  sequenceLo = 0;
  sequenceHi = 0;
  contentStart = 0;
  contentEnd = 0;
}

const reader = new WireReader();

/** Finds the fields of the LogLine in `bytes[start, end)`, making no object. Throws WireError. */
export function scanLogLine(bytes: Uint8Array, start: number, end: number, into: LogLineFields): void {
  into.jobIdStart = into.jobIdEnd = into.stream = into.contentStart = into.contentEnd = 0;
  into.timestampLo = into.timestampHi = into.sequenceLo = into.sequenceHi = 0;
  reader.reset(bytes, start, end);
  try {
    while (!reader.done()) {
      const tag = reader.tag();
      switch (tag) {
        case 0x0a:
          reader.delimited();
          into.jobIdStart = reader.start;
          into.jobIdEnd = reader.stop;
          break;
        case 0x10:
          reader.varint();
          into.stream = reader.lo | 0;
          break;
        case 0x18:
          reader.varint();
          into.timestampLo = reader.lo;
          into.timestampHi = reader.hi;
          break;
        case 0x20:
          reader.varint();
          into.sequenceLo = reader.lo;
          into.sequenceHi = reader.hi;
          break;
        case 0x2a:
          reader.delimited();
          into.contentStart = reader.start;
          into.contentEnd = reader.stop;
          break;
        default:
          reader.skip(tag);
      }
    }
  } finally {
    reader.release();
  }
}

const fields = new LogLineFields();

/** The LogLine in `bytes`; `content` is a view of them. Throws WireError. */
export function decodeLogLine(bytes: Uint8Array, start = 0, end = bytes.length): LogLine {
  scanLogLine(bytes, start, end, fields);
  return {
    jobId: sharedString(bytes, fields.jobIdStart, fields.jobIdEnd),
    stream: fields.stream,
    timestamp: int64FromHalves(fields.timestampLo, fields.timestampHi),
    sequence: uint64FromHalves(fields.sequenceLo, fields.sequenceHi),
    content: bytes.subarray(fields.contentStart, fields.contentEnd),
  };
}

export function encodeLogLine(line: LogLine): Uint8Array {
  const writer = new WireWriter(line.content.length + line.jobId.length + 48);
  writer.string(1, line.jobId);
  writer.int32(2, line.stream);
  writer.int64(3, line.timestamp);
  writer.uint64(4, line.sequence);
  writer.delimited(5, line.content);
  return writer.finish();
}
