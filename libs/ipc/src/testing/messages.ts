import { encodeIpcMessage, encodeLogLine, encodeMetric, MessageType } from '@joblet/wire';
import { encodeFrame } from '../frame-encoder.js';

const TIME = 1_763_600_000_000_000_000n;

export function logFrame(sequence: number, content: Uint8Array, jobId = 'job-1'): Uint8Array {
  const line = { jobId: 'inner', stream: 1, timestamp: TIME, sequence: BigInt(sequence), content };
  return messageFrame(MessageType.LOG, encodeLogLine(line), jobId, sequence);
}

export function metricFrame(sequence: number, jobId = 'job-1'): Uint8Array {
  const data = { cpuUsage: 0.5, memoryUsage: 7n, gpuUsage: 0 };
  const metric = { jobId: 'inner', timestamp: TIME, sequence: BigInt(sequence), data };
  return messageFrame(MessageType.METRIC, encodeMetric(metric), jobId, sequence);
}

export function messageFrame(type: number, data: Uint8Array, jobId = 'job-1', sequence = 0): Uint8Array {
  const message = { version: 1, type, jobId, timestamp: TIME, sequence: BigInt(sequence), data };
  return encodeFrame(encodeIpcMessage(message));
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
