import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { pieceHeaderBytes } from './piece-header.js';
import { RUN_ROW_BYTES } from './piece-rows.js';
import { RunDirectory, type WrittenPiece } from './run-directory.js';

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const storeIds = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));

const totals = (stream: fc.Arbitrary<number>) =>
  fc.record({
    stream,
    rows: fc.integer({ min: 1, max: 1_000 }),
    contentBytes: uint32,
    timeMin: int64,
    timeMax: int64,
    firstOrdinal: uint64,
    lastOrdinal: uint64,
  });

const written = fc.record({
  jobId: fc.constantFrom('a', 'job-1.x', 'Z'.repeat(128)),
  totals: fc.oneof(
    fc.tuple(totals(fc.constant(0))),
    fc.array(totals(fc.constantFrom(1, 2)), { minLength: 1, maxLength: 2 }),
  ),
  bytes: fc.integer({ min: 0, max: 2 ** 33 }),
  crc32c: uint32,
});

const rowsOf = (piece: Pick<WrittenPiece, 'totals'>) => piece.totals.reduce((sum, { rows }) => sum + rows, 0);

describe('the directory of a run', () => {
  it('says of each piece what was written, also when it is read again', () => {
    fc.assert(
      fc.property(storeIds, uint64, fc.array(written, { maxLength: 20 }), (storeId, position, all) => {
        const pieces = all.map((piece) => ({
          ...piece,
          size: rowsOf(piece) * RUN_ROW_BYTES + piece.bytes,
        }));
        const made = RunDirectory.of(storeId, position, pieces);
        const read = RunDirectory.parse(Uint8Array.from(made.bytes));
        let offset = 0;
        const expected = pieces.map((piece, index) => {
          const firsts = piece.totals.map(({ firstOrdinal }) => firstOrdinal);
          const lasts = piece.totals.map(({ lastOrdinal }) => lastOrdinal);
          offset += pieceHeaderBytes(piece.jobId.length) + piece.size;
          return {
            index,
            jobId: piece.jobId,
            area: piece.totals[0].stream === 0 ? 'metrics' : 'logs',
            rows: rowsOf(piece),
            bytes: piece.bytes,
            firstOrdinal: firsts.reduce((least, one) => (one < least ? one : least)),
            lastOrdinal: lasts.reduce((most, one) => (one > most ? one : most)),
            totals: piece.totals,
            offset: offset - piece.size,
            crc32c: piece.crc32c,
          };
        });
        for (const directory of [made, read]) {
          if (typeof directory === 'string') throw new Error(directory);
          expect(directory.storeId).toBe(storeId);
          expect(directory.position).toBe(position);
          expect(directory.length).toBe(all.length);
          expect([...directory.pieces()]).toEqual(expected);
        }
      }),
    );
  });

  it('is none when it is too short, or names what is no job', () => {
    const total = { stream: 1, rows: 1, contentBytes: 1, timeMin: 0n, timeMax: 0n };
    const ofJob = (jobId: string): Uint8Array<ArrayBuffer> => {
      const totals = [{ ...total, firstOrdinal: 0n, lastOrdinal: 0n }];
      return RunDirectory.of('5e'.repeat(16), 7n, [{ jobId, totals, size: 30, crc32c: 1 }]).bytes;
    };
    expect(RunDirectory.parse(ofJob('job'))).toBeInstanceOf(RunDirectory);
    for (const length of [0, 31, 32, 56])
      expect(RunDirectory.parse(ofJob('job').slice(0, length))).toBe('its directory is too short');
    expect(RunDirectory.parse(ofJob('../job'))).toBe('it names what is no job');
  });
});
