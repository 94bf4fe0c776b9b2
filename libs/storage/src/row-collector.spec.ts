import { describe, expect, it } from '@jest/globals';
import { encodeLogLine } from '@joblet/wire';
import { BATCH_SIZE_MAX } from './limits.js';
import { LogBatchBuilder } from './log-batch.js';

const MESSAGE = encodeLogLine({
  jobId: 'x',
  stream: 2,
  timestamp: 1n,
  sequence: 3n,
  content: Buffer.from('abc'),
});

describe('LogBatchBuilder', () => {
  it('takes a message from the midst of other bytes, and what the slot says for what the message says', () => {
    const builder = new LogBatchBuilder();
    const around = Buffer.concat([Buffer.from('before'), MESSAGE, Buffer.from('behind')]);
    builder.add({ jobId: 'a', timestamp: 9n, ordinal: 4n }, around, 6, 6 + MESSAGE.length);
    expect(builder.length).toBe(1);
    expect(builder.byteLength).toBe(MESSAGE.length);
    const row = builder.build().row(0);
    expect({ ...row, content: Buffer.from(row.content).toString() }).toEqual({
      jobId: 'a',
      stream: 2,
      timestamp: 9n,
      sequence: 3n,
      ordinal: 4n,
      content: 'abc',
    });
  });

  it.each([undefined, 10n ** 18n])('grows with its rows and bytes (ordinals from %s)', (first) => {
    const builder = new LogBatchBuilder();
    const count = 5000;
    const contentOf = (index: number) => Buffer.alloc(index === 3000 ? 300_000 : index % 50, `row ${index};`);
    for (let index = 0; index < count; index++) {
      const line = {
        jobId: 'x',
        stream: 1,
        timestamp: 0n,
        sequence: BigInt(index),
        content: contentOf(index),
      };
      const bytes = encodeLogLine(line);
      const slot = { jobId: `job-${index % 7}`, timestamp: BigInt(index) };
      builder.add(
        first === undefined ? slot : { ...slot, ordinal: first + BigInt(index) },
        bytes,
        0,
        bytes.length,
      );
    }
    const batch = builder.build();
    expect(batch.length).toBe(count);
    expect(batch.jobIds.length).toBe(7);
    const wrong = [...batch].filter(
      (row, index) =>
        !Buffer.from(row.content).equals(contentOf(index)) ||
        row.sequence !== BigInt(index) ||
        row.timestamp !== BigInt(index) ||
        row.jobId !== `job-${index % 7}` ||
        row.ordinal !== (first === undefined ? undefined : first + BigInt(index)),
    );
    expect(wrong).toEqual([]);
  });

  it('takes times as halves, of any size, and an expected size that is wrong', () => {
    const times = [0n, 1n, -1n, 2n ** 32n, 1_763_600_000_123_456_789n, -(2n ** 63n), 2n ** 63n - 1n];
    for (const expected of [undefined, { rows: 1, bytes: 1 }, { rows: 1_000, bytes: 100_000 }]) {
      const builder = new LogBatchBuilder(expected);
      expect(() => builder.add({ jobId: '..', timestamp: 0n, ordinal: 0n }, MESSAGE, 0, 1)).toThrow();
      for (let index = 0; index < 1_000; index++) {
        const bits = BigInt.asUintN(64, times[index % times.length]);
        const halves = [Number(bits & 0xffff_ffffn), Number(bits >> 32n)] as const;
        builder.addRow(`job-${index % 3}`, ...halves, MESSAGE, 0, MESSAGE.length);
      }
      const batch = builder.build();
      expect(Array.from(batch, ({ timestamp }) => timestamp)).toEqual(
        Array.from({ length: 1_000 }, (_, index) => times[index % times.length]),
      );
      expect(Array.from(batch, ({ jobId }) => jobId)).toEqual(
        Array.from({ length: 1_000 }, (_, index) => `job-${index % 3}`),
      );
    }
  });

  it('refuses a batch in which some rows have ordinals', () => {
    const slot = { jobId: 'a', timestamp: 0n };
    const first = new LogBatchBuilder();
    first.add(slot, MESSAGE, 0, MESSAGE.length);
    expect(() => first.add({ ...slot, ordinal: 1n }, MESSAGE, 0, MESSAGE.length)).toThrow(TypeError);
    const second = new LogBatchBuilder();
    second.add({ ...slot, ordinal: 0n }, MESSAGE, 0, MESSAGE.length);
    expect(() => second.add(slot, MESSAGE, 0, MESSAGE.length)).toThrow(TypeError);
    expect(() => second.addRow('a', 0, 0, MESSAGE, 0, MESSAGE.length)).toThrow(TypeError);
  });

  it('refuses an id that is not valid, and what would make it too large; the row is then not there', () => {
    const builder = new LogBatchBuilder();
    const invalid = expect.objectContaining({ code: 'INVALID_ARGUMENT' });
    expect(() => builder.add({ jobId: '..', timestamp: 0n, ordinal: 0n }, MESSAGE, 0, 1)).toThrow(invalid);
    builder.add({ jobId: 'a', timestamp: 0n }, MESSAGE, 0, MESSAGE.length);
    expect(() => builder.add({ jobId: 'b', timestamp: 0n }, MESSAGE, 0, BATCH_SIZE_MAX)).toThrow(invalid);
    expect(builder.length).toBe(1);
    expect(builder.build().jobIds).toEqual(['a']);
  });
});
