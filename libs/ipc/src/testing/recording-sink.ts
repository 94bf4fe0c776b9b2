import { int64FromHalves, uint64FromHalves } from '@joblet/wire';
import type { MessageSink } from '../message-reader.js';

export interface RecordedLog {
  jobId: string;
  stream: number;
  timestamp: bigint;
  sequence: bigint;
  content: string;
}

export interface Recording extends MessageSink {
  logs: RecordedLog[];
  metrics: { jobId: string; timestamp: bigint; sequence: bigint; cpuUsage: number | undefined }[];
  unknownTypes: number[];
  errors: { code: string; frameBytes: number }[];
}

/** Keeps copies of all that it is told; content as hex. */
export function recordingSink(): Recording {
  const recording: Recording = {
    logs: [],
    metrics: [],
    unknownTypes: [],
    errors: [],
    log(bytes, message, line) {
      recording.logs.push({
        jobId: text(bytes, message.jobIdStart, message.jobIdEnd),
        stream: line.stream,
        timestamp: int64FromHalves(line.timestampLo, line.timestampHi),
        sequence: uint64FromHalves(line.sequenceLo, line.sequenceHi),
        content: Buffer.from(bytes.subarray(line.contentStart, line.contentEnd)).toString('hex'),
      });
    },
    metric(bytes, message, metric) {
      recording.metrics.push({
        jobId: text(bytes, message.jobIdStart, message.jobIdEnd),
        timestamp: int64FromHalves(metric.timestampLo, metric.timestampHi),
        sequence: uint64FromHalves(metric.sequenceLo, metric.sequenceHi),
        cpuUsage: metric.data?.cpuUsage,
      });
    },
    unknownType: (type) => recording.unknownTypes.push(type),
    undecodable: ({ code }, frameBytes) => recording.errors.push({ code, frameBytes }),
  };
  return recording;
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('utf8');
}
