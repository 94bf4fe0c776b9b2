import { encodeIpcMessage, encodeLogLine } from '@joblet/wire';

/** A log line as a v1 frame: its length in 4 bytes, big-endian, and the message. */
export function logFrame(jobId, number, content) {
  const common = {
    jobId,
    timestamp: 1_763_600_000_000_000_000n + BigInt(number) * 1_000n,
    sequence: BigInt(number),
  };
  const data = encodeLogLine({ ...common, stream: number % 10 === 9 ? 2 : 1, content });
  const message = encodeIpcMessage({ version: 1, type: 1, ...common, data });
  const frame = Buffer.alloc(4 + message.length);
  frame.writeUInt32BE(message.length);
  frame.set(message, 4);
  return frame;
}
