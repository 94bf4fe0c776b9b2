import { int64FromHalves, uint64FromHalves } from './int64.js';
import type { IpcMessage } from './messages.js';
import { sharedString } from './utf8.js';
import { WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

/** Where the fields of one IPCMessage are: byte positions and 64-bit halves. Reused from message to message. */
export class IpcMessageFields {
  version = 0;
  type = 0;
  jobIdStart = 0;
  jobIdEnd = 0;
  timestampLo = 0;
  timestampHi = 0;
  sequenceLo = 0;
  sequenceHi = 0;
  dataStart = 0;
  dataEnd = 0;
}

const reader = new WireReader();

/** Finds the fields of the IPCMessage in `bytes[start, end)`, making no object. Throws WireError. */
export function scanIpcMessage(bytes: Uint8Array, start: number, end: number, into: IpcMessageFields): void {
  into.version = into.type = into.jobIdStart = into.jobIdEnd = into.dataStart = into.dataEnd = 0;
  into.timestampLo = into.timestampHi = into.sequenceLo = into.sequenceHi = 0;
  reader.reset(bytes, start, end);
  try {
    while (!reader.done()) {
      const tag = reader.tag();
      switch (tag) {
        case 0x08:
          reader.varint();
          into.version = reader.lo;
          break;
        case 0x10:
          reader.varint();
          into.type = reader.lo | 0;
          break;
        case 0x1a:
          reader.delimited();
          into.jobIdStart = reader.start;
          into.jobIdEnd = reader.stop;
          break;
        case 0x20:
          reader.varint();
          into.timestampLo = reader.lo;
          into.timestampHi = reader.hi;
          break;
        case 0x28:
          reader.varint();
          into.sequenceLo = reader.lo;
          into.sequenceHi = reader.hi;
          break;
        case 0x32:
          reader.delimited();
          into.dataStart = reader.start;
          into.dataEnd = reader.stop;
          break;
        default:
          reader.skip(tag);
      }
    }
  } finally {
    reader.release();
  }
}

const fields = new IpcMessageFields();

/** The IPCMessage in `bytes`; `data` is a view of them. Throws WireError. */
export function decodeIpcMessage(bytes: Uint8Array, start = 0, end = bytes.length): IpcMessage {
  scanIpcMessage(bytes, start, end, fields);
  return {
    version: fields.version,
    type: fields.type,
    jobId: sharedString(bytes, fields.jobIdStart, fields.jobIdEnd),
    timestamp: int64FromHalves(fields.timestampLo, fields.timestampHi),
    sequence: uint64FromHalves(fields.sequenceLo, fields.sequenceHi),
    data: bytes.subarray(fields.dataStart, fields.dataEnd),
  };
}

export function encodeIpcMessage(message: IpcMessage): Uint8Array {
  const writer = new WireWriter(message.data.length + message.jobId.length + 64);
  writer.uint32(1, message.version);
  writer.int32(2, message.type);
  writer.string(3, message.jobId);
  writer.int64(4, message.timestamp);
  writer.uint64(5, message.sequence);
  writer.delimited(6, message.data);
  return writer.finish();
}
