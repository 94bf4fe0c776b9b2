import { describe, expect, it } from '@jest/globals';
import { encodeLogLine } from '@joblet/wire';
import fc from 'fast-check';
import { logRows } from './arbitrary-rows.fixture.js';
import { LogBatch, LogBatchBuilder, type LogRow, type NewLogRow } from './log-batch.js';

const ROW: NewLogRow = { jobId: 'a', stream: 1, timestamp: 5n, sequence: 6n, content: Buffer.from('abc') };

/** Rows with their content as hex: comparable whatever class the bytes are of. */
function shown(rows: Iterable<NewLogRow | LogRow>): object[] {
  return [...rows].map((row) => ({ ...row, content: Buffer.from(row.content).toString('hex') }));
}

/** The builder's way: the rows' messages, with an ordinal for each. */
function stored(rows: readonly NewLogRow[]): LogBatch {
  const builder = new LogBatchBuilder();
  rows.forEach((row, index) => {
    const bytes = encodeLogLine({ ...row, sequence: row.sequence ?? 0n });
    builder.add(
      { jobId: row.jobId, timestamp: row.timestamp, ordinal: BigInt(index) },
      bytes,
      0,
      bytes.length,
    );
  });
  return builder.build();
}

describe('LogBatch', () => {
  it('gives the rows that it was made from', () => {
    fc.assert(
      fc.property(logRows, (rows) => {
        const batch = LogBatch.from(rows);
        expect(batch.length).toBe(rows.length);
        expect(shown(batch)).toEqual(shown(rows));
        expect(new Set(batch.jobIds)).toEqual(new Set(rows.map(({ jobId }) => jobId)));
        expect(batch.jobIds.length).toBe(new Set(batch.jobIds).size);
      }),
    );
  });

  it('takes an absent sequence for 0, and drops ordinals: rows that were read can be written again', () => {
    const row = { jobId: 'a', stream: 1, timestamp: 5n, content: Buffer.from('abc'), ordinal: 7n };
    expect(shown(LogBatch.from([row, ...stored([ROW, ROW])]))).toEqual(
      shown([{ ...ROW, sequence: 0n }, ROW, ROW]),
    );
  });

  it('has copied what it was made from', () => {
    const content = Buffer.from('abc');
    const batch = LogBatch.from([{ ...ROW, content }]);
    content.fill(0);
    expect(Buffer.from(batch.row(0).content).toString()).toBe('abc');
  });

  it('knows each row by its number, with the bytes of its message', () => {
    fc.assert(
      fc.property(logRows, (rows) => {
        const batch = stored(rows);
        let size = 0;
        rows.forEach((row, index) => {
          const message = Buffer.from(batch.bytes).subarray(batch.start(index), batch.end(index));
          expect(message.equals(encodeLogLine({ sequence: 0n, ...row }))).toBe(true);
          expect(batch.jobId(index)).toBe(row.jobId);
          expect(batch.stream(index)).toBe(row.stream);
          expect(batch.timestamp(index)).toBe(row.timestamp);
          expect(batch.ordinal(index)).toBe(BigInt(index));
          size += message.length;
        });
        expect(batch.byteLength).toBe(size);
      }),
    );
  });

  it('byJob: the rows of each job in order, with their ordinals, sharing the bytes', () => {
    fc.assert(
      fc.property(logRows, (rows) => {
        const batch = stored(rows);
        const numbered = rows.map((row, index) => ({ ...row, ordinal: BigInt(index) }));
        const jobs = [...batch.byJob()];
        expect(jobs.map(([jobId]) => jobId)).toEqual([...batch.jobIds]);
        for (const [jobId, ofJob] of jobs) {
          expect(shown(ofJob)).toEqual(shown(numbered.filter((row) => row.jobId === jobId)));
          expect(ofJob.jobIds).toEqual([jobId]);
          expect(ofJob.bytes).toBe(batch.bytes);
        }
      }),
    );
  });

  it('byJob: a batch of one job is not made anew, an empty one has no job', () => {
    const batch = LogBatch.from([ROW, ROW]);
    expect([...batch.byJob()][0][1]).toBe(batch);
    expect([...LogBatch.from([]).byJob()]).toEqual([]);
  });

  it('pick: just these rows, and only their jobs', () => {
    fc.assert(
      fc.property(logRows, fc.infiniteStream(fc.boolean()), (rows, coins) => {
        const batch = stored(rows);
        const picked = rows.map((_, index) => index).filter(() => coins.next().value);
        const pick = batch.pick(picked);
        expect(shown(pick)).toEqual(
          shown(picked.map((index) => ({ ...rows[index], ordinal: BigInt(index) }))),
        );
        expect(new Set(pick.jobIds)).toEqual(new Set(picked.map((index) => rows[index].jobId)));
        // What is picked can be picked from.
        const half = picked.map((_, index) => index).filter((index) => index % 2 === 0);
        expect(shown(pick.pick(half))).toEqual(shown(half.map((index) => pick.row(index))));
      }),
    );
  });

  it('numbered: the same rows with ordinals in a row, sharing the bytes', () => {
    const batch = LogBatch.from([ROW, ROW]);
    const numbered = batch.numbered(2n ** 53n);
    expect(shown(numbered)).toEqual(
      shown([
        { ...ROW, ordinal: 2n ** 53n },
        { ...ROW, ordinal: 2n ** 53n + 1n },
      ]),
    );
    expect(numbered.bytes).toBe(batch.bytes);
    expect(batch.ordinal(0)).toBeUndefined();
  });

  it('refuses what its fields would cut', () => {
    const refused = (row: Partial<NewLogRow>) =>
      expect(() => LogBatch.from([{ ...ROW, ...row }])).toThrow(
        expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
      );
    refused({ jobId: '../x' });
    refused({ timestamp: 2n ** 63n });
    refused({ timestamp: -(2n ** 63n) - 1n });
    refused({ sequence: 2n ** 64n });
    refused({ sequence: -1n });
    for (const stream of [1.5, NaN, 2 ** 31, -(2 ** 31) - 1, Infinity]) refused({ stream });
  });

  it('refuses content that is not bytes', () => {
    expect(() => LogBatch.from([Object.assign({ ...ROW }, { content: 'text' })])).toThrow(TypeError);
  });
});
