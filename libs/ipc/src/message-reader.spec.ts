import { describe, expect, it } from '@jest/globals';
import { MessageType } from '@joblet/wire';
import { encodeFrame } from './frame-encoder.js';
import { FrameTooLargeError } from './frame-too-large-error.js';
import { MessageReader } from './message-reader.js';
import { capture } from './testing/capture.js';
import { concat, logFrame, messageFrame, metricFrame } from './testing/messages.js';
import { recordingSink } from './testing/recording-sink.js';

const content = new TextEncoder().encode('hello\n');

describe('MessageReader', () => {
  it('reads what the Go daemon sends', () => {
    const sink = recordingSink();
    const reader = new MessageReader(sink);
    for (let pos = 0; pos < capture.length; pos += 1000) reader.push(capture.subarray(pos, pos + 1000));
    expect(sink.logs).toHaveLength(200);
    sink.logs.forEach(({ content: found, ...row }, index) => {
      expect(row).toEqual({
        jobId: '3f2b8c1e-job',
        stream: index % 10 === 9 ? 2 : 1,
        timestamp: 1_763_600_000_000_000_000n + BigInt(index) * 1_000_000n,
        sequence: BigInt(index),
      });
      expect(found.length).toBeGreaterThan(40);
    });
    expect(sink.metrics.map(({ sequence }) => sequence)).toEqual([0n, 1n, 2n, 3n]);
    expect(sink.metrics[0].timestamp).toBe(1_795_253_036n);
    expect(sink.errors).toEqual([]);
    expect(reader.frames).toBe(204);
  });

  it('takes the job id from the envelope', () => {
    const sink = recordingSink();
    new MessageReader(sink).push(concat(logFrame(0, content, 'outer'), metricFrame(0, 'outer')));
    expect([sink.logs[0].jobId, sink.metrics[0].jobId]).toEqual(['outer', 'outer']);
    expect(sink.metrics[0].cpuUsage).toBe(0.5);
  });

  it('keeps any content: binary, invalid UTF-8, NUL, empty', () => {
    const contents = [Uint8Array.of(0, 255, 254, 128, 10), new Uint8Array(0)];
    const sink = recordingSink();
    new MessageReader(sink).push(concat(...contents.map((bytes, index) => logFrame(index, bytes))));
    expect(sink.logs.map((log) => log.content)).toEqual(['00fffe800a', '']);
  });

  it('counts what has another type and goes on', () => {
    const sink = recordingSink();
    const others = [0, 3, 9, 64].map((type) => messageFrame(type, content));
    new MessageReader(sink).push(concat(...others, encodeFrame(new Uint8Array(0)), logFrame(0, content)));
    expect(sink.unknownTypes).toEqual([0, 3, 9, 64, 0]);
    expect(sink.logs).toHaveLength(1);
  });

  it('skips a frame that does not decode and goes on', () => {
    const envelope = encodeFrame(Uint8Array.of(0x1a, 200, 1));
    const line = messageFrame(MessageType.LOG, Uint8Array.of(0x2a, 9, 1));
    const nested = messageFrame(MessageType.METRIC, Uint8Array.of(0x22, 1, 0x0f));
    const sink = recordingSink();
    const reader = new MessageReader(sink);
    reader.push(concat(logFrame(0, content), envelope, line, nested, logFrame(1, content), metricFrame(0)));
    expect(sink.errors).toEqual([
      { code: 'TRUNCATED', frameBytes: 3 },
      { code: 'TRUNCATED', frameBytes: line.length - 4 },
      { code: 'INVALID', frameBytes: nested.length - 4 },
    ]);
    expect(sink.logs.map(({ sequence }) => sequence)).toEqual([0n, 1n]);
    expect(sink.metrics).toHaveLength(1);
    expect(reader.frames).toBe(6);
  });

  it('does not take the failure of a sink for a broken frame', () => {
    const sink = recordingSink();
    const failure = new Error('the disk is gone');
    const log = () => {
      throw failure;
    };
    expect(() => new MessageReader({ ...sink, log }).push(logFrame(0, content))).toThrow(failure);
    expect(sink.errors).toEqual([]);
  });

  it('refuses a frame above the limit', () => {
    const frame = logFrame(0, new Uint8Array(100));
    expect(() => new MessageReader(recordingSink(), 50).push(frame)).toThrow(FrameTooLargeError);
  });

  it('tells what it holds of a half frame', () => {
    const frame = logFrame(0, content);
    const reader = new MessageReader(recordingSink());
    reader.push(frame.subarray(0, 10));
    expect([reader.heldBytes, reader.missingBytes]).toEqual([10, frame.length - 10]);
  });
});
