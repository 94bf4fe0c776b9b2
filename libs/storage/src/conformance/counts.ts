import assert from 'node:assert/strict';
import type { LogQuery, RowQuery } from '../query.js';
import type { ConformanceCase, Theme } from './case.js';
import { KINDS, ordinals, times, type Kind } from './kinds.js';
import { readLogs } from './read.js';
import { rejects } from './rejects.js';
import { line, MANY, TIME, writeLogs } from './rows.js';
import { sameList } from './same-rows.js';
import { substringFilter } from '../filter.js';

const COUNT = 25;
const COUNTS = [0, 1, 7, COUNT - 1, COUNT, COUNT + 1, 1000, Number.MAX_SAFE_INTEGER];

type Counts = Pick<RowQuery, 'limit' | 'offset' | 'tail'>;

/** What the counts leave of a list: the rule itself. */
function cut<Item>(items: readonly Item[], { limit = Infinity, offset = 0, tail }: Counts): readonly Item[] {
  if (tail !== undefined) return items.slice(Math.max(0, items.length - tail));
  return items.slice(offset, offset + limit);
}

function limitAndOffset(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: limit and offset, from 0 to beyond the end`,
    async run(subject) {
      await kind.write(subject.store, times(COUNT));
      await subject.check(async (store) => {
        const asked: Counts[] = COUNTS.flatMap((limit) => [
          { limit },
          ...COUNTS.map((offset) => ({ limit, offset })),
        ]);
        for (const counts of [...asked, ...COUNTS.map((offset) => ({ offset }))]) {
          const what = `ordinals with ${JSON.stringify(counts)}`;
          sameList(await kind.read(store, counts), cut(ordinals(0, COUNT), counts), what);
        }
      });
    },
  };
}

function tails(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: tail gives the last rows, in order`,
    async run(subject) {
      await kind.write(subject.store, times(COUNT));
      await subject.check(async (store) => {
        for (const tail of COUNTS) {
          sameList(
            await kind.read(store, { tail }),
            cut(ordinals(0, COUNT), { tail }),
            `ordinals of tail ${tail}`,
          );
        }
      });
    },
  };
}

function ofMany(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: limit, offset and tail of many rows`,
    async run(subject) {
      await kind.write(subject.store, times(MANY));
      await subject.check(async (store) => {
        const asked: Counts[] = [{ limit: 1500, offset: 700 }, { limit: 1 }, { offset: MANY - 1 }];
        for (const counts of [...asked, { tail: 1 }, { tail: 1200 }, { limit: 1000, offset: 1000 }]) {
          const what = `ordinals with ${JSON.stringify(counts)}`;
          sameList(await kind.read(store, counts), cut(ordinals(0, MANY), counts), what);
        }
      });
    },
  };
}

function insideWindow(kind: Kind): ConformanceCase {
  return {
    name: `${kind.name}: counts apply after the time window`,
    async run(subject) {
      await kind.write(subject.store, times(COUNT));
      const window = { startTime: TIME + 5n, endTime: TIME + 14n };
      await subject.check(async (store) => {
        for (const counts of [
          { limit: 3 },
          { offset: 8 },
          { limit: 4, offset: 2 },
          { tail: 3 },
          { tail: 99 },
        ]) {
          const what = `ordinals with ${JSON.stringify(counts)}`;
          sameList(await kind.read(store, { ...window, ...counts }), cut(ordinals(5, 15), counts), what);
        }
      });
    },
  };
}

function invalid(kind: Kind): ConformanceCase {
  const counts = ['limit', 'offset', 'tail'].flatMap((field) =>
    [-1, NaN, 1.5, Infinity, -Infinity, 2 ** 53].map((value) => ({ field, query: { [field]: value } })),
  );
  const together = [{ limit: 1 }, { limit: 0 }, { offset: 1 }, { offset: 0 }].map((other) => ({
    field: 'tail',
    query: { tail: 1, ...other },
  }));
  return {
    name: `${kind.name}: counts that are no counts, and tail with limit or offset, are INVALID_ARGUMENT`,
    async run({ store }) {
      await kind.write(store, times(3));
      for (const { field, query } of [...counts, ...together]) {
        const what = Object.entries(query).join(' and ');
        const { message } = await rejects('INVALID_ARGUMENT', () => kind.read(store, query), what);
        assert.ok(message.includes(field), `${what}: ${JSON.stringify(message)} does not name ${field}`);
      }
    },
  };
}

const streamsAndFilters: ConformanceCase = {
  name: 'logs: counts apply after the stream and the filter',
  async run(subject) {
    const isWanted = (index: number) => index % 3 === 0;
    const rows = Array.from({ length: 90 }, (_, index) =>
      line(isWanted(index) ? `wanted ${index}` : `other ${index}`, { stream: 1 + (index % 2) }),
    );
    await writeLogs(subject.store, rows);
    const filter = substringFilter('wanted');
    const ofStream = (stream: number) => (ordinal: bigint) =>
      stream === 0 || Number(ordinal) % 2 === stream - 1;
    await subject.check(async (store) => {
      for (const stream of [0, 1, 2]) {
        const inStream = ordinals(0, 90).filter(ofStream(stream));
        const matching = inStream.filter((ordinal) => isWanted(Number(ordinal)));
        for (const counts of [
          {},
          { limit: 4 },
          { offset: 5 },
          { limit: 3, offset: 4 },
          { tail: 4 },
          { tail: 0 },
        ]) {
          const read = async (query: Partial<LogQuery>) =>
            (await readLogs(store, { stream, ...counts, ...query })).map(({ ordinal }) => ordinal);
          const what = `ordinals of stream ${stream} with ${JSON.stringify(counts)}`;
          sameList(await read({}), cut(inStream, counts), what);
          sameList(await read({ filter }), cut(matching, counts), `filtered ${what}`);
        }
      }
    });
  },
};

const noSuchStream: ConformanceCase = {
  name: 'logs: a stream other than 0, 1 and 2 is INVALID_ARGUMENT',
  async run({ store }) {
    await writeLogs(store, [line('x', { stream: 3 })]);
    for (const stream of [3, -1, 1.5, NaN, 64]) {
      const { message } = await rejects(
        'INVALID_ARGUMENT',
        () => readLogs(store, { stream }),
        `stream ${stream}`,
      );
      assert.ok(message.includes('stream'), `${JSON.stringify(message)} does not name stream`);
    }
  },
};

export const counts: Theme = {
  name: 'limit, offset and tail',
  cases: [
    ...KINDS.flatMap((kind) => [
      limitAndOffset(kind),
      tails(kind),
      ofMany(kind),
      insideWindow(kind),
      invalid(kind),
    ]),
    streamsAndFilters,
    noSuchStream,
  ],
};
