import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as es from '@joblet/proto/ipc';
import type fc from 'fast-check';
import * as arbitrary from './arbitraries.fuzz.js';
import * as wire from './index.js';

/** The fields of a message that protobuf-es may read in another way than we: what each should be on the wire. */
export type Shape = Map<number, 'varint' | 'double' | 'bytes' | 'string' | Shape>;

/** One message type, by our codec and by protobuf-es, both as plain values. */
export interface Codec {
  name: string;
  shape: Shape;
  /** A message: its bytes by our codec and by protobuf-es. */
  encoded: fc.Arbitrary<{ ours: Uint8Array; theirs: Uint8Array }>;
  decode: (bytes: Uint8Array) => unknown;
  reference: (bytes: Uint8Array) => unknown;
}

const counters: Shape = new Map([1, 2, 3, 4].map((field) => [field, 'varint'] as const));
const data: Shape = new Map<number, 'varint' | 'double' | Shape>([
  [1, 'double'],
  [2, 'varint'],
  [3, 'double'],
  [4, counters],
  [5, counters],
]);

export const codecs: Codec[] = [
  {
    name: 'IPCMessage',
    shape: new Map([
      [1, 'varint'],
      [2, 'varint'],
      [3, 'string'],
      [4, 'varint'],
      [5, 'varint'],
      [6, 'bytes'],
    ]),
    encoded: arbitrary.ipcMessage.map((message) => ({
      ours: wire.encodeIpcMessage(message),
      theirs: toBinary(es.IPCMessageSchema, create(es.IPCMessageSchema, message)),
    })),
    decode: (bytes) => plain(wire.decodeIpcMessage(...amidOthers(bytes))),
    reference: (bytes) => plain(fromBinary(es.IPCMessageSchema, bytes)),
  },
  {
    name: 'LogLine',
    shape: new Map([
      [1, 'string'],
      [2, 'varint'],
      [3, 'varint'],
      [4, 'varint'],
      [5, 'bytes'],
    ]),
    encoded: arbitrary.logLine.map((line) => ({
      ours: wire.encodeLogLine(line),
      theirs: toBinary(es.LogLineSchema, create(es.LogLineSchema, line)),
    })),
    decode: (bytes) => plain(wire.decodeLogLine(...amidOthers(bytes))),
    reference: (bytes) => plain(fromBinary(es.LogLineSchema, bytes)),
  },
  {
    name: 'Metric',
    shape: new Map<number, 'varint' | 'string' | Shape>([
      [1, 'string'],
      [2, 'varint'],
      [3, 'varint'],
      [4, data],
    ]),
    encoded: arbitrary.metric.map((metric) => ({
      ours: wire.encodeMetric(metric),
      theirs: toBinary(es.MetricSchema, create(es.MetricSchema, metric)),
    })),
    decode: (bytes) => plain(wire.decodeMetric(...amidOthers(bytes))),
    reference: (bytes) => plain(fromBinary(es.MetricSchema, bytes)),
  },
];

/** The same bytes in the middle of a buffer, where reading too far finds something. */
function amidOthers(bytes: Uint8Array): [buffer: Uint8Array, start: number, end: number] {
  return [Buffer.concat([Buffer.of(1), bytes, Buffer.alloc(12, 1)]), 1, 1 + bytes.length];
}

/** A message as values that compare: bytes as hexadecimal, without what protobuf-es adds and what is absent. */
export function plain(value: unknown): unknown {
  if (ArrayBuffer.isView(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, member]) => !key.startsWith('$') && member !== undefined)
      .map(([key, member]) => [key, plain(member)]),
  );
}

export type Outcome = { value: unknown } | 'rejected';

export function outcome(decode: () => unknown): Outcome {
  try {
    return { value: decode() };
  } catch {
    return 'rejected';
  }
}

const GROUP_DEPTH_SAME_MAX = 96;

/**
 * Why protobuf-es may read these bytes in another way, if it may: the first of the differences listed in
 * protobuf.spec.ts that is in them.
 */
export function difference(bytes: Uint8Array, shape: Shape): string | undefined {
  let pos = 0;
  return message(bytes.length, shape, false);

  function message(end: number, fields: Shape, nested: boolean): string | undefined {
    while (pos < end) {
      const found = field(end, fields);
      if (found === 'malformed') return nested ? 'nested message cut short' : undefined;
      if (found) return found;
    }
    return undefined;
  }

  function field(end: number, fields: Shape): string | undefined {
    const tag = varint(end);
    if (tag === undefined) return 'malformed';
    const number = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    const kind = fields.get(number);
    if (kind !== undefined && wireType !== (kind === 'varint' ? 0 : kind === 'double' ? 1 : 2))
      return 'wrong wire type';
    if (wireType === 2) return delimited(end, kind);
    return unknown(end, number, wireType, 0);
  }

  function delimited(end: number, kind: ReturnType<Shape['get']>): string | undefined {
    const length = varint(end);
    if (length === undefined) return 'malformed';
    if (length >= 2n ** 32n) return 'length beyond 32 bits';
    const start = pos;
    if (Number(length) > end - start) return 'malformed';
    const stop = start + Number(length);
    if (
      kind === 'string' &&
      !Buffer.from(Buffer.from(bytes.subarray(start, stop)).toString()).equals(bytes.subarray(start, stop))
    )
      return 'invalid UTF-8';
    const found = kind instanceof Map ? message(stop, kind, true) : undefined;
    pos = stop;
    return found;
  }

  function unknown(end: number, number: number, wireType: number, depth: number): string | undefined {
    if (depth > GROUP_DEPTH_SAME_MAX) return 'deep groups';
    if (wireType === 0)
      return varint(end) === undefined ? (pos < end ? 'long varint' : 'malformed') : undefined;
    if (wireType === 2) return delimited(end, undefined);
    if (wireType === 1 || wireType === 5) {
      pos += wireType === 1 ? 8 : 4;
      return pos > end ? 'malformed' : undefined;
    }
    if (wireType !== 3) return 'malformed';
    for (;;) {
      const tag = varint(end);
      if (tag === undefined) return 'malformed';
      if ((tag & 7n) === 4n) return tag >> 3n === BigInt(number) ? undefined : 'malformed';
      const found = unknown(end, Number(tag >> 3n), Number(tag & 7n), depth + 1);
      if (found) return found;
    }
  }

  /** undefined if it is cut short, or longer than ten bytes. */
  function varint(end: number): bigint | undefined {
    let value = 0n;
    for (let shift = 0n; shift < 70n && pos < end; shift += 7n) {
      const byte = bytes[pos++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return undefined;
  }
}
