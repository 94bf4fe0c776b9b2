import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PlainJob, rowOf, writtenRow } from '../testing/plain-job.js';

describe('plain files that were damaged', () => {
  let job: PlainJob;

  beforeEach(async () => {
    job = await PlainJob.make(3, 6);
  });

  afterEach(() => job.close());

  /** Rows of lines that are there byte for byte, and those of the other stream; nothing else, unless a line of it was hit. */
  async function check(bytes: Buffer, hit: ReadonlySet<number> = new Set()): Promise<void> {
    await job.damage(bytes);
    const { rows, gaps } = await job.read();
    const starts = job.lineStarts;
    const numbers = Array.from({ length: job.rows }, (_, index) => index);
    const stdout = numbers.filter((index) => index % 3 !== 2);
    const whole = new Set(stdout.filter((_, line) => hasLine(bytes, job.whole, starts, line)));
    const found = new Map(rows.map((row) => [rowOf(row), Number(row.sequence)]));
    const expected = numbers.filter((index) => index % 3 === 2 || whole.has(index));
    const missing = expected.filter((index) => !found.has(writtenRow(index)));
    // A changed ordinal can be that of another row, which a gap then tells of.
    expect(missing.length).toBeLessThanOrEqual(hit.size);
    if (missing.length > 0) expect(gaps).not.toEqual([]);
    const hitRows = new Set([...hit].map((line) => stdout[line]));
    const written = new Set(numbers.map(writtenRow));
    // No checksum guards a line: of one that was hit, a changed row may come.
    const changed = [...found.keys()].filter((row) => !written.has(row));
    expect(changed.length).toBeLessThanOrEqual(hitRows.size);
    const ordinals = rows.map(({ ordinal }) => Number(ordinal));
    expect(ordinals).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
    const lost = job.rows - rows.length;
    const last = Math.max(...ordinals);
    const isInside = stdout.some((index) => !ordinals.includes(index) && index < last);
    if (lost > 0 && isInside) expect(gaps).not.toEqual([]);
    if (changed.length > 0) return;
    const told = gaps.reduce((sum, { rows: missing = 0n }) => sum + Number(missing), 0);
    if (gaps.every(({ rows: missing }) => missing !== undefined)) expect(told).toBeLessThanOrEqual(lost);
    const tail = await job.read({ tail: 5 });
    expect(tail.rows.map(rowOf)).toEqual(rows.slice(-5).map(rowOf));
    const paged = await job.read({ offset: 2, limit: 4 });
    expect(paged.rows.map(rowOf)).toEqual(rows.slice(2, 6).map(rowOf));
  }

  it('undamaged: all rows and no gap', async () => {
    const { rows, gaps } = await job.read();
    expect(gaps).toEqual([]);
    expect(rows.map(rowOf)).toEqual(Array.from({ length: job.rows }, (_, index) => writtenRow(index)));
  });

  it('cut at every byte', async () => {
    for (let length = 0; length < job.whole.length; length += 13) await check(job.whole.subarray(0, length));
  });

  it('a bit flipped in any byte', async () => {
    const starts = job.lineStarts;
    for (let at = 0; at < job.whole.length; at += 17) {
      const bytes = Buffer.from(job.whole);
      bytes[at] ^= 1 << (at % 8);
      const line = starts.findIndex((start) => start > at) - 1;
      await check(bytes, new Set([line, line + 1].filter((hit) => hit < starts.length - 1)));
    }
  });

  it('bytes zeroed, lost, or brought in by accident', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('zero' as const, 'lose' as const, 'insert' as const),
        fc.nat({ max: job.whole.length }),
        fc.nat({ max: 600 }),
        fc.oneof(fc.uint8Array({ maxLength: 50 }), fc.constant(Buffer.from('{"job_id":"job","te'))),
        async (how, start, length, brought) => {
          const end = Math.min(start + length, job.whole.length);
          const between =
            how === 'zero' ? Buffer.alloc(end - start) : how === 'lose' ? Buffer.alloc(0) : brought;
          const rest = job.whole.subarray(how === 'insert' ? start : end);
          const hit = new Set(how === 'zero' ? [] : [0]);
          await check(Buffer.concat([job.whole.subarray(0, start), between, rest]), hit);
        },
      ),
      { numRuns: 80, seed: 5 },
    );
  });

  it('lines that are missing are a gap that says how many', async () => {
    const starts = job.lineStarts;
    await job.damage(Buffer.concat([job.whole.subarray(0, starts[3]), job.whole.subarray(starts[5])]));
    const { rows, gaps } = await job.read();
    expect(rows).toHaveLength(job.rows - 2);
    expect(gaps.reduce((sum, { rows: missing = 0n }) => sum + missing, 0n)).toBe(2n);
  });

  it('a gap says which bytes of the file are no row', async () => {
    const starts = job.lineStarts;
    const bytes = Buffer.from(job.whole);
    bytes.fill(0, starts[2], starts[3] - 1);
    await job.damage(bytes);
    const { gaps } = await job.read();
    const place = `bytes ${starts[2]} to ${starts[3]}`;
    expect(gaps).toEqual([
      expect.objectContaining({ rows: 1n, reason: `there is no row: ${job.path}, ${place}` }),
    ]);
  });

  it('a row behind one that was cut short, on the same line, is given', async () => {
    const starts = job.lineStarts;
    const cut = job.whole.subarray(0, starts[4] - 10);
    await check(Buffer.concat([cut, job.whole.subarray(starts[4])]));
  });

  it('a line that was changed and is a row still is believed: only its index knows better', async () => {
    const bytes = Buffer.from(job.whole);
    bytes.write('R', bytes.indexOf('row 4'));
    await job.damage(bytes);
    const { rows } = await job.read();
    expect(rows).toHaveLength(job.rows);
    expect(Buffer.from(rows[4].content).toString()).toMatch(/^Row 4/);
  });
});

function hasLine(bytes: Buffer, whole: Buffer, starts: readonly number[], line: number): boolean {
  const text = whole.subarray(starts[line], starts[line + 1]);
  const at = bytes.indexOf(text);
  return at >= 0;
}
