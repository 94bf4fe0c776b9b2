import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lineRows } from '../testing/line-rows.js';
import type { BlockRows } from './block-rows.js';
import { packRows, unpackRows } from './packed-rows.js';

const listOf = ({ bytes, starts, ends, timestamps, ordinals }: BlockRows) =>
  Array.from(starts, (start, row) => ({
    message: Buffer.from(bytes.subarray(start, ends[row])).toString('hex'),
    timestamp: timestamps[row],
    ordinal: ordinals[row],
  }));

describe('packed rows', () => {
  it('are the same rows, and no bytes of others', () => {
    fc.assert(
      fc.property(lineRows, (rows) => {
        const unpacked = unpackRows(packRows(rows));
        expect(listOf(unpacked)).toEqual(listOf(rows));
        expect(unpacked.bytes.length).toBe(
          rows.ends.reduce((sum, end, row) => sum + end - rows.starts[row], 0),
        );
      }),
    );
  });
});
