import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LogOutput } from './log-output.js';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** A file descriptor that takes up to n bytes at each call, or fails with a code; then everything. */
function scripted(script: readonly (number | string)[]) {
  const steps = [...script];
  const written: Buffer[] = [];
  const write = (_fd: number, bytes: Uint8Array): number => {
    const step = steps.shift() ?? bytes.length;
    if (typeof step === 'string') throw failure(step);
    written.push(Buffer.from(bytes.subarray(0, step)));
    return Math.min(step, bytes.length);
  };
  return { write, text: () => Buffer.concat(written).toString() };
}

describe('LogOutput', () => {
  it('keeps every byte in order, however the writes are cut or put off', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 })),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('EAGAIN')), { maxLength: 10 }),
        (lines, script) => {
          const { write, text } = scripted(script.filter((step, at) => step !== 'EAGAIN' || at % 4 === 0));
          const output = new LogOutput(1, write);
          for (const line of lines) output.write(line);
          output.flushSync();
          expect(text()).toBe(lines.join(''));
          expect(output.droppedLines).toBe(0);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('tries again by itself when the pipe was full', async () => {
    await new Promise<void>((resolve) => {
      const calls: string[] = [];
      const output = new LogOutput(1, (_fd, bytes) => {
        calls.push(Buffer.from(bytes).toString());
        if (calls.length === 1) throw failure('EAGAIN');
        if (calls.length === 3) resolve();
        return bytes.length;
      });
      output.write('a');
      output.write('b');
      expect(calls).toEqual(['a']);
    });
  });

  it.each(['EPIPE', 'EIO', 'ENOSPC', 'EBADF'])('drops and counts lines after %s, and goes on', (code) => {
    const { write, text } = scripted([1_000, code, code]);
    const output = new LogOutput(1, write);
    for (const line of ['a\n', 'b\n', 'c\n', 'd\n']) output.write(line);
    expect(text()).toBe('a\nd\n');
    expect(output.droppedLines).toBe(2);
  });

  it('bounds what waits, and gives up on a reader that never reads', () => {
    const output = new LogOutput(1, () => {
      throw failure('EAGAIN');
    });
    const line = 'x'.repeat(300_000);
    for (let count = 0; count < 10; count++) output.write(line);
    expect(output.droppedLines).toBe(7);
    output.flushSync();
    expect(output.droppedLines).toBe(10);
  });
});
