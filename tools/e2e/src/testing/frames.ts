import { encodeIpcMessage, encodeLogLine, encodeMetric, MessageType } from '@joblet/wire';

/** A frame as a producer sends it: the length in 4 bytes, big-endian, and the message. */
export function frame(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

export function logFrame(jobId: string, sequence: number, content: string | Uint8Array, stream = 1): Buffer {
  const timestamp = 1_763_600_000_000_000_000n + BigInt(sequence);
  const line = { jobId, stream, timestamp, sequence: BigInt(sequence), content: Buffer.from(content) };
  const data = encodeLogLine(line);
  return frame(encodeIpcMessage({ ...line, version: 1, type: MessageType.LOG, data }));
}

export function metricFrame(jobId: string, sequence: number, cpuUsage: number): Buffer {
  const metric = { jobId, timestamp: BigInt(1_763_600_000 + sequence), sequence: BigInt(sequence) };
  const data = encodeMetric({ ...metric, data: { cpuUsage, memoryUsage: 2n ** 60n, gpuUsage: 0 } });
  return frame(encodeIpcMessage({ ...metric, version: 1, type: MessageType.METRIC, data }));
}
