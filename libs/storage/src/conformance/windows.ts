import type { RowQuery } from '../query.js';
import type { ConformanceCase, Theme } from './case.js';
import { KINDS, ordinals, times, type Kind } from './kinds.js';
import { rejects } from './rejects.js';
import { MANY, TIME } from './rows.js';
import { sameList } from './same-rows.js';

const STORED = [5n, 1n, 3n, 3n, 9n, -2n, 0n, 2n ** 63n - 1n, -(2n ** 63n), TIME, TIME + 1n];

const WINDOWS: readonly Pick<RowQuery, 'startTime' | 'endTime'>[] = [
  {},
  { startTime: 3n, endTime: 5n },
  { startTime: 3n, endTime: 3n },
  { startTime: 4n, endTime: 4n },
  { startTime: 3n },
  { endTime: 3n },
  { startTime: 0n },
  { endTime: 0n },
  { startTime: -2n, endTime: 1n },
  { startTime: TIME, endTime: TIME },
  { startTime: TIME + 1n },
  { startTime: TIME + 2n, endTime: 2n ** 63n - 2n },
  { startTime: 2n ** 63n - 1n },
  { endTime: -(2n ** 63n) },
  { startTime: -(2n ** 63n), endTime: 2n ** 63n - 1n },
];

function inside(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: both ends of a window are inclusive, either may be missing`,
    async run(subject) {
      await kind.write(subject.store, STORED);
      await subject.check(async (store) => {
        for (const window of WINDOWS) {
          const { startTime = -(2n ** 63n), endTime = 2n ** 63n - 1n } = window;
          const expected = ordinals(0, STORED.length).filter((ordinal) => {
            const time = STORED[Number(ordinal)];
            return time >= startTime && time <= endTime;
          });
          sameList(await kind.read(store, window), expected, `ordinals from ${startTime} to ${endTime}`);
        }
      });
    },
  };
}

function ofMany(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: a window in the midst of many rows`,
    async run(subject) {
      await kind.write(subject.store, times(MANY));
      await subject.check(async (store) => {
        for (const [start, end] of [
          [0, 1],
          [999, 1001],
          [MANY - 2, MANY],
          [500, 2100],
        ]) {
          const window = { startTime: TIME + BigInt(start), endTime: TIME + BigInt(end) - 1n };
          sameList(
            await kind.read(store, window),
            ordinals(start, end),
            `ordinals from ${start} to ${end - 1}`,
          );
        }
      });
    },
  };
}

function empty(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: a window without rows gives none; one that ends before it starts is INVALID_ARGUMENT`,
    async run(subject) {
      await kind.write(subject.store, [10n, 20n]);
      await subject.check(async (store) => {
        sameList(await kind.read(store, { startTime: 11n, endTime: 19n }), []);
        sameList(await kind.read(store, { startTime: 21n }), []);
        sameList(await kind.read(store, { endTime: 9n }), []);
        await rejects('INVALID_ARGUMENT', () => kind.read(store, { startTime: 2n, endTime: 1n }));
      });
    },
  };
}

export const windows: Theme = {
  name: 'time windows',
  cases: KINDS.flatMap((kind) => [inside(kind), ofMany(kind), empty(kind)]),
};
