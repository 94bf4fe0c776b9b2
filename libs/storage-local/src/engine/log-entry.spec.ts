import { describe, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import fc from 'fast-check';
import { batchEntry, decodeEntries, encodeEntries, type LogEntry } from './log-entry.js';

const jobId = fc.constantFrom('a', 'b', 'job-1.x', 'Z'.repeat(128));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const source = fc.option(fc.record({ producer: fc.string(), epoch: uint64, frame: uint64 }), {
  nil: undefined,
});
const row = fc.record({
  jobId,
  stream: fc.constantFrom(0, 1, 2, -1),
  timestamp: int64,
  sequence: uint64,
  content: fc.uint8Array({ maxLength: 50 }),
});
const entry: fc.Arbitrary<LogEntry> = fc.oneof(
  fc.tuple(fc.array(row, { maxLength: 20 }), uint64, source, fc.nat()).map(([rows, first, from, arrival]) => {
    const batch = LogBatch.from(rows);
    const firsts = batch.jobIds.map((_, index) => BigInt.asUintN(64, first + BigInt(index)));
    return batchEntry('logs', batch, firsts, from, arrival);
  }),
  fc.record({
    type: fc.constant('delete' as const),
    jobId,
    whole: fc.boolean(),
    areas: fc.array(
      fc.record({ area: fc.constantFrom('logs' as const, 'metrics' as const), nextOrdinal: uint64 }),
    ),
  }),
  fc.record({ type: fc.constant('deleted' as const), position: uint64 }),
  fc.record({
    type: fc.constant('end' as const),
    jobId,
    end: fc.oneof(fc.record({ time: int64 }), fc.record({ time: int64, exitCode: fc.integer() })),
  }),
);

/** What an entry says, wherever its bytes are. */
function meaning(entries: readonly LogEntry[] | undefined): unknown {
  return entries?.map((found) => {
    if (found.type !== 'batch') return found;
    const { bytes, table, ...head } = found;
    const rows = Array.from(table.starts, (start, index) => ({
      job: table.jobIds[table.jobOfRow[index]],
      time: table.timestamps[index],
      bytes: Buffer.from(bytes.subarray(start, table.ends[index])).toString('hex'),
    }));
    return { ...head, rows };
  });
}

describe('entries of the log', () => {
  it('come back as they were, wherever the record lies in memory', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), fc.nat({ max: 9 }), (entries, offset) => {
        const record = Buffer.concat([Buffer.alloc(offset), ...encodeEntries(entries)]).subarray(offset);
        expect(meaning(decodeEntries(record))).toEqual(meaning(entries));
      }),
    );
  });

  it('are none when the record is cut', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 3 }), fc.nat(), (entries, at) => {
        const record = Buffer.concat(encodeEntries(entries));
        expect(decodeEntries(record.subarray(0, at % record.length))).toBeUndefined();
      }),
    );
  });

  it('never name rows outside of the record, nor jobs that are none, whatever is changed in it', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1 }), fc.nat(), fc.nat({ max: 255 }), (entries, at, byte) => {
        const record = Buffer.concat(encodeEntries(entries));
        record[at % record.length] = byte;
        for (const found of decodeEntries(record) ?? []) {
          if (found.type !== 'batch') continue;
          const { table, bytes } = found;
          for (let index = 0; index < table.starts.length; index++) {
            expect(table.starts[index]).toBeLessThanOrEqual(table.ends[index]);
            expect(table.ends[index]).toBeLessThanOrEqual(bytes.length);
            expect(table.jobIds[table.jobOfRow[index]]).toBeDefined();
          }
        }
      }),
    );
  });

  it('leave out what lies between the rows of a batch, when that is much', () => {
    const rows = Array.from({ length: 200 }, (_, index) => ({
      jobId: 'a',
      stream: 1,
      timestamp: BigInt(index),
      content: Buffer.alloc(100, index),
    }));
    const few = LogBatch.from(rows).pick([7, 100]);
    const entries = [batchEntry('logs', few, [0n], undefined, 0)];
    const record = Buffer.concat(encodeEntries(entries));
    expect(record.length).toBeLessThan(1_000);
    expect(meaning(decodeEntries(record))).toEqual(meaning(entries));
  });
});
