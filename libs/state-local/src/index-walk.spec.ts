import { ClassicLevel } from 'classic-level';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { compareText } from '@joblet/state-store';
import * as fc from 'fast-check';
import { walkIndex } from './index-walk.js';
import { entryKey, ofNode, ofStatus } from './keys.js';
import type { SortedPlace } from './sorted-place.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const index = ofStatus('RUNNING');

let level: ClassicLevel<string, string>;
beforeAll(async () => {
  level = new ClassicLevel(await mkdtemp(join(tmpdir(), 'state-local-')));
});
afterAll(async () => {
  await level.close();
  await rm(level.location, { recursive: true });
});

/** Few times, so that many entries share one; the empty one comes first. */
const place = fc.record({
  time: fc.constantFrom('', '1', '12', '2', '3'),
  uuid: fc.string({ unit: fc.constantFrom('a', 'b', '\ue000', '😀'), minLength: 1, maxLength: 4 }),
});

function inOrder(places: readonly SortedPlace[], descending: boolean): SortedPlace[] {
  return [...places].sort((a, b) => {
    const byTime = compareText(a.time, b.time);
    return byTime === 0 ? compareText(a.uuid, b.uuid) : descending ? -byTime : byTime;
  });
}

it('walks all entries behind a place in order, those of the same time by uuid ascending in both directions', async () => {
  const entries = fc.uniqueArray(place, { selector: ({ time, uuid }) => `${time} ${uuid}`, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(
      entries,
      fc.option(place, { nil: undefined }),
      fc.boolean(),
      fc.integer({ min: 1, max: 20 }),
      async (places, after, descending, firstLook) => {
        await level.clear();
        const keys = places.map(({ time, uuid }) => entryKey(index, time, uuid));
        // Neighbours on either side.
        for (const other of [ofNode('n'), ofStatus('RUNNIN'), ofStatus('RUNNING2'), ofStatus('RUNNING!')])
          keys.push(entryKey(other, '2', 'x'));
        await level.batch(keys.map((key) => ({ type: 'put', key, value: '\0' })));
        const snapshot = level.snapshot();
        const walked: SortedPlace[] = [];
        for await (const some of walkIndex({ level, snapshot }, index, { descending, after, firstLook })) {
          for (const { time, uuid } of some) walked.push({ time, uuid });
        }
        await snapshot.close();
        const marked = after === undefined ? places : [...places, after];
        const expected = inOrder(marked, descending);
        const from = after === undefined ? 0 : expected.lastIndexOf(after) + 1;
        const isMark = ({ time, uuid }: SortedPlace) => time === after?.time && uuid === after.uuid;
        expect(walked).toEqual(expected.slice(from).filter((one) => !isMark(one)));
      },
    ),
    { numRuns: 300 },
  );
});
