import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeIpcMessage, decodeLogLine, decodeMetric, type IpcMessage, MessageType } from './index.js';

const root = new URL('../../../', import.meta.url);
const START = 1_763_600_000_000_000_000n;

/** What the Go daemon's own writer sent; testdata/go/README.md tells how it was made. */
const messages = frames(readFileSync(new URL('testdata/go/ipc/daemon-v1.bin', root))).map((frame) =>
  decodeIpcMessage(frame),
);

describe('messages of the Go daemon', () => {
  it('carry 200 log lines', () => {
    const pool = gunzipSync(readFileSync(new URL('examples/data/auth.log.gz', root)))
      .toString()
      .split('\n');
    const logs = ofType(MessageType.LOG);
    expect(logs).toHaveLength(200);
    logs.forEach((message, index) => {
      const { content, ...line } = decodeLogLine(message.data);
      const timestamp = START + BigInt(index) * 1_000_000n;
      expect(message).toMatchObject({ version: 1, timestamp, sequence: BigInt(index) });
      expect(line).toEqual({
        jobId: message.jobId,
        stream: index % 10 === 9 ? 2 : 1,
        timestamp,
        sequence: BigInt(index),
      });
      expect(Buffer.from(content).toString()).toBe(pool[index]);
    });
  });

  it('carry four metrics, in seconds', () => {
    const metrics = ofType(MessageType.METRIC);
    expect(metrics).toHaveLength(4);
    for (const message of metrics) {
      const metric = decodeMetric(message.data);
      expect(metric).toMatchObject({ jobId: message.jobId, sequence: message.sequence });
      expect(metric.timestamp).toBeLessThan(10n ** 11n);
      expect(metric.data?.cpuUsage).toBeGreaterThan(0);
    }
  });

  function ofType(type: number): IpcMessage[] {
    return messages.filter((message) => message.type === type);
  }
});

function frames(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let pos = 0; pos < bytes.length;) {
    const end = pos + 4 + bytes.readUInt32BE(pos);
    found.push(bytes.subarray(pos + 4, end));
    pos = end;
  }
  return found;
}
