import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareText } from './compare-text.js';
import { SortedJobs, type SortedPlace } from './sorted-jobs.js';

const TIME = fc
  .integer({ min: 0, max: 40 })
  .map((minute) => `2025-11-20T00:${String(minute).padStart(2, '0')}`);
const UUID = fc.string({ unit: fc.constantFrom('a', 'b', '\ue000', '😀'), minLength: 1, maxLength: 4 });
const ENTRIES = fc.uniqueArray(fc.record({ time: TIME, uuid: UUID }), {
  selector: ({ time, uuid }) => time + uuid,
  maxLength: 1_500,
  size: 'max',
});

function byTime(a: SortedPlace, b: SortedPlace): number {
  return a.time < b.time ? -1 : a.time > b.time ? 1 : 0;
}

it('gives what an array that is sorted gives, from any place, after entries came and went', () => {
  fc.assert(
    fc.property(ENTRIES, fc.integer({ min: 1, max: 9 }), TIME, UUID, (entries, kept, time, uuid) => {
      const sorted = new SortedJobs<SortedPlace>();
      for (const entry of entries) sorted.add(entry);
      for (const [index, entry] of entries.entries()) if (index % kept === 0) sorted.remove(entry);
      const left = entries.filter((_, index) => index % kept !== 0);
      const ascending = [...left].sort((a, b) => byTime(a, b) || compareText(a.uuid, b.uuid));
      const descending = [...left].sort((a, b) => byTime(b, a) || compareText(a.uuid, b.uuid));
      const place = { time, uuid };
      const isBehind = (turn: number) => (entry: SortedPlace) =>
        (byTime(entry, place) * turn || compareText(entry.uuid, uuid)) > 0;
      expect(sorted.size).toBe(left.length);
      expect([...sorted.ascending()]).toEqual(ascending);
      expect([...sorted.descending()]).toEqual(descending);
      expect([...sorted.ascending(place)]).toEqual(ascending.filter(isBehind(1)));
      expect([...sorted.descending(place)]).toEqual(descending.filter(isBehind(-1)));
    }),
    { numRuns: 60 },
  );
});

it('keeps the order over many chunks, in whatever order entries come', () => {
  const entries = Array.from({ length: 5_000 }, (_, index) => ({
    time: String(((index * 7919) % 5_000) >> 1).padStart(5, '0'),
    uuid: String((index * 7919) % 5_000).padStart(5, '0'),
  }));
  const sorted = new SortedJobs<SortedPlace>();
  for (const entry of entries) sorted.add(entry);
  expect([...sorted.ascending()].map(({ uuid }) => Number(uuid))).toEqual(entries.map((_, index) => index));
  const descending = [...sorted.descending()].map(({ uuid }) => Number(uuid));
  expect(descending).toEqual(entries.map((_, index) => 4_998 - index + 2 * (index % 2)));
  for (const entry of entries) sorted.remove(entry);
  expect([sorted.size, ...sorted.ascending()]).toEqual([0]);
  expect(() => sorted.remove(entries[0])).toThrow(TypeError);
});
