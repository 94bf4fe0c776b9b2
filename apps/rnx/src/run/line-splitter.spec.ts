import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ROW_SIZE_MAX } from '../limits.js';
import { LineSplitter } from './line-splitter.js';

function split(chunks: readonly Uint8Array[]): Buffer[] {
  const splitter = new LineSplitter();
  const rows = chunks.flatMap((chunk) => splitter.push(chunk));
  const last = splitter.end();
  return [...rows, ...(last ? [last] : [])].map((row) => Buffer.from(row));
}

const texts = (chunks: readonly string[]): string[] =>
  split(chunks.map((text) => Buffer.from(text))).map(String);

describe('LineSplitter', () => {
  it.each([
    [[], []],
    [[''], []],
    [['a\nb\n'], ['a\n', 'b\n']],
    [['a\nb'], ['a\n', 'b']],
    [
      ['a', 'b', '\n', '\n'],
      ['ab\n', '\n'],
    ],
    [['\r\n\0\n'], ['\r\n', '\0\n']],
  ])('%j becomes %j', (chunks, rows) => {
    expect(texts(chunks)).toEqual(rows);
  });

  it('cuts a long line at the limit, its newline included', () => {
    const sizes = (text: string): number[] => texts([text]).map((row) => row.length);
    expect(sizes('x'.repeat(ROW_SIZE_MAX - 1) + '\n')).toEqual([ROW_SIZE_MAX]);
    expect(sizes('x'.repeat(ROW_SIZE_MAX) + '\n')).toEqual([ROW_SIZE_MAX, 1]);
    expect(sizes('x'.repeat(3 * ROW_SIZE_MAX + 5))).toEqual([ROW_SIZE_MAX, ROW_SIZE_MAX, ROW_SIZE_MAX, 5]);
  });

  it('gives each row as soon as it is complete', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('a')).length).toBe(0);
    expect(splitter.push(Buffer.from('\nb')).length).toBe(1);
    expect(splitter.push(Buffer.from('x'.repeat(ROW_SIZE_MAX - 1))).length).toBe(1);
    expect(splitter.end()).toBeUndefined();
  });

  it('loses, adds and moves no byte; every row but the last is a line or as long as may be', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 50 }),
      fc.constantFrom(Buffer.from('\n'), Buffer.from('a\n'), Buffer.alloc(ROW_SIZE_MAX, 120)),
      fc.integer({ min: ROW_SIZE_MAX - 3, max: ROW_SIZE_MAX + 3 }).map((size) => Buffer.alloc(size, 121)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (chunks) => {
        const rows = split(chunks);
        expect(Buffer.concat(rows).equals(Buffer.concat(chunks))).toBe(true);
        for (const [index, row] of rows.entries()) {
          expect(row.length).toBeGreaterThan(0);
          expect(row.length).toBeLessThanOrEqual(ROW_SIZE_MAX);
          expect(row.subarray(0, -1).includes(10)).toBe(false);
          if (index < rows.length - 1) expect(row.at(-1) === 10 || row.length === ROW_SIZE_MAX).toBe(true);
        }
      }),
    );
  });
});
