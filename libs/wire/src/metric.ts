import { int64FromHalves, uint64FromHalves } from './int64.js';
import type { DiskIo, Metric, MetricData, NetworkIo } from './messages.js';
import { sharedString } from './utf8.js';
import { WireReader } from './wire-reader.js';
import { WireWriter } from './wire-writer.js';

/** Where the fields of one Metric are: byte positions and 64-bit halves. Reused from sample to sample. */
export class MetricFields {
  jobIdStart = 0;
  jobIdEnd = 0;
  timestampLo = 0;
  timestampHi = 0;
  sequenceLo = 0;
  sequenceHi = 0;
  /** Merged over all occurrences of the field, as protobuf demands; undefined when there is none. */
  data: MetricData | undefined = undefined;
}

const reader = new WireReader();

/** Finds the fields of the Metric in `bytes[start, end)`. Throws WireError, also for what is nested. */
export function scanMetric(bytes: Uint8Array, start: number, end: number, into: MetricFields): void {
  into.jobIdStart = into.jobIdEnd = 0;
  into.timestampLo = into.timestampHi = into.sequenceLo = into.sequenceHi = 0;
  into.data = undefined;
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
          into.timestampLo = reader.lo;
          into.timestampHi = reader.hi;
          break;
        case 0x18:
          reader.varint();
          into.sequenceLo = reader.lo;
          into.sequenceHi = reader.hi;
          break;
        case 0x22:
          into.data ??= { cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 };
          nested(into.data, mergeData);
          break;
        default:
          reader.skip(tag);
      }
    }
  } finally {
    reader.release();
  }
}

const fields = new MetricFields();

/** The Metric in `bytes`. Throws WireError. */
export function decodeMetric(bytes: Uint8Array, start = 0, end = bytes.length): Metric {
  scanMetric(bytes, start, end, fields);
  const metric: Metric = {
    jobId: sharedString(bytes, fields.jobIdStart, fields.jobIdEnd),
    timestamp: int64FromHalves(fields.timestampLo, fields.timestampHi),
    sequence: uint64FromHalves(fields.sequenceLo, fields.sequenceHi),
  };
  if (fields.data) metric.data = fields.data;
  return metric;
}

export function encodeMetric(metric: Metric): Uint8Array {
  const writer = new WireWriter();
  writer.string(1, metric.jobId);
  writer.int64(2, metric.timestamp);
  writer.uint64(3, metric.sequence);
  if (metric.data) writer.message(4, encodeData(metric.data));
  return writer.finish();
}

/** Reads a length-delimited message with `merge`, then goes on behind it. */
function nested<Message>(message: Message, merge: (message: Message, tag: number) => void): void {
  reader.delimited();
  const end = reader.end;
  reader.pos = reader.start;
  reader.end = reader.stop;
  while (!reader.done()) merge(message, reader.tag());
  reader.end = end;
}

function mergeData(data: MetricData, tag: number): void {
  switch (tag) {
    case 0x09:
      data.cpuUsage = reader.double();
      break;
    case 0x10:
      data.memoryUsage = reader.int64();
      break;
    case 0x19:
      data.gpuUsage = reader.double();
      break;
    case 0x22:
      data.diskIo ??= { readBytes: 0n, writeBytes: 0n, readOps: 0n, writeOps: 0n };
      nested(data.diskIo, mergeDiskIo);
      break;
    case 0x2a:
      data.networkIo ??= { rxBytes: 0n, txBytes: 0n, rxPackets: 0n, txPackets: 0n };
      nested(data.networkIo, mergeNetworkIo);
      break;
    default:
      reader.skip(tag);
  }
}

function mergeDiskIo(io: DiskIo, tag: number): void {
  if (tag === 0x08) io.readBytes = reader.int64();
  else if (tag === 0x10) io.writeBytes = reader.int64();
  else if (tag === 0x18) io.readOps = reader.int64();
  else if (tag === 0x20) io.writeOps = reader.int64();
  else reader.skip(tag);
}

function mergeNetworkIo(io: NetworkIo, tag: number): void {
  if (tag === 0x08) io.rxBytes = reader.int64();
  else if (tag === 0x10) io.txBytes = reader.int64();
  else if (tag === 0x18) io.rxPackets = reader.int64();
  else if (tag === 0x20) io.txPackets = reader.int64();
  else reader.skip(tag);
}

function encodeData(data: MetricData): Uint8Array {
  const writer = new WireWriter();
  writer.double(1, data.cpuUsage);
  writer.int64(2, data.memoryUsage);
  writer.double(3, data.gpuUsage);
  if (data.diskIo) {
    const { readBytes, writeBytes, readOps, writeOps } = data.diskIo;
    writer.message(4, encodeCounters(readBytes, writeBytes, readOps, writeOps));
  }
  if (data.networkIo) {
    const { rxBytes, txBytes, rxPackets, txPackets } = data.networkIo;
    writer.message(5, encodeCounters(rxBytes, txBytes, rxPackets, txPackets));
  }
  return writer.finish();
}

/** DiskIO and NetworkIO have the same shape: four int64 in the fields 1 to 4. */
function encodeCounters(...values: bigint[]): Uint8Array {
  const writer = new WireWriter(48);
  values.forEach((value, index) => writer.int64(index + 1, value));
  return writer.finish();
}
