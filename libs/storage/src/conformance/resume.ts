import { substringFilter } from '../filter.js';
import type { ConformanceCase, Theme } from './case.js';
import { KINDS, ordinals, times, type Kind } from './kinds.js';
import { readLogs } from './read.js';
import { lines, MANY, TIME, writeLogs } from './rows.js';
import { sameList } from './same-rows.js';

function behind(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: only rows behind afterOrdinal`,
    async run(subject) {
      await kind.write(subject.store, times(20));
      await subject.check(async (store) => {
        for (const after of [-1, 0, 1, 9, 18, 19, 20, 1000]) {
          const found = await kind.read(store, { afterOrdinal: BigInt(after) });
          sameList(found, ordinals(after + 1, 20), `ordinals behind ${after}`);
        }
        sameList(await kind.read(store, { afterOrdinal: 2n ** 64n - 1n }), []);
        sameList(await kind.read(store, { afterOrdinal: 4n, limit: 3, offset: 2 }), [7n, 8n, 9n]);
        sameList(await kind.read(store, { afterOrdinal: 16n, tail: 10 }), [17n, 18n, 19n]);
        sameList(await kind.read(store, { afterOrdinal: 4n, endTime: TIME + 6n }), [5n, 6n]);
      });
    },
  };
}

function pages(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: page after page gives every row once`,
    async run(subject) {
      await kind.write(subject.store, times(MANY));
      await subject.check(async (store) => {
        const found: (bigint | undefined)[] = [];
        for (let page = 0; page * 333 < MANY; page++) {
          found.push(...(await kind.read(store, { afterOrdinal: found.at(-1) ?? -1n, limit: 333 })));
        }
        sameList(found, ordinals(0, MANY));
      });
    },
  };
}

function following(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: resuming finds what came since`,
    async run({ store }) {
      let afterOrdinal = -1n;
      for (let round = 1; round <= 12; round++) {
        await kind.write(store, times(round));
        const expected = ordinals(Number(afterOrdinal) + 1, Number(afterOrdinal) + 1 + round);
        sameList(await kind.read(store, { afterOrdinal }), expected);
        afterOrdinal = expected.at(-1) ?? afterOrdinal;
      }
    },
  };
}

const withStreamAndFilter: ConformanceCase = {
  name: 'logs: behind afterOrdinal, of one stream, with a filter',
  async run(subject) {
    await writeLogs(subject.store, lines(60));
    await subject.check(async (store) => {
      const query = { afterOrdinal: 11n, stream: 2, filter: substringFilter('1') };
      const found = (await readLogs(store, query)).map(({ ordinal }) => ordinal);
      sameList(found, [13n, 15n, 17n, 19n, 21n, 31n, 41n, 51n]);
    });
  },
};

export const resume: Theme = {
  name: 'resuming',
  cases: [...KINDS.flatMap((kind) => [behind(kind), pages(kind), following(kind)]), withStreamAndFilter],
};
