import type { RowFilter } from '../../filter.js';
import type { LogQuery } from '../../query.js';
import { textOf } from '../read.js';
import {
  answering,
  giving,
  without,
  themed,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';

function eachKind(name: string): string[] {
  return [`logs: ${name}`, `metrics: ${name}`];
}

const INSIDE = eachKind('both ends of a window are inclusive, either may be missing');

const windows: Mistake[] = [
  {
    mistake: 'leaves out the end of a window',
    fails: [...INSIDE, ...eachKind('a window in the midst of many rows')],
    create: answering(({ endTime, ...query }) =>
      endTime === undefined ? query : { ...query, endTime: endTime - 1n },
    ),
  },
  {
    mistake: 'leaves out the start of a window',
    fails: INSIDE,
    create: answering(({ startTime, ...query }) =>
      startTime === undefined ? query : { ...query, startTime: startTime + 1n },
    ),
  },
  {
    mistake: 'takes a start of 0 for none',
    fails: INSIDE,
    create: answering(({ startTime, ...query }) => (startTime ? { ...query, startTime } : query)),
  },
  {
    mistake: 'compares times in microseconds',
    fails: INSIDE,
    create: answering(({ startTime, ...query }) =>
      startTime === undefined ? query : { ...query, startTime: (startTime / 1000n) * 1000n },
    ),
  },
  {
    mistake: 'takes a window that ends before it starts the other way round',
    fails: eachKind('a window without rows gives none; one that ends before it starts is INVALID_ARGUMENT'),
    create: answering((query) => {
      const { startTime, endTime } = query;
      if (startTime === undefined || endTime === undefined || startTime <= endTime) return query;
      return { ...query, startTime: endTime, endTime: startTime };
    }),
  },
];

/** Counts are given to a query that selects nothing, and the rest is selected from what that gives. */
function countsFirst(...later: (keyof LogQuery)[]) {
  return giving(
    (rows, { startTime, filter, stream }) =>
      rows.filter(
        (row) =>
          (startTime === undefined || row.timestamp >= startTime) &&
          (filter === undefined || filter.matches(row)) &&
          (!stream || row.stream === stream),
      ),
    (query) => without(query, ...later),
  );
}

const LIMITED = eachKind('limit and offset, from 0 to beyond the end');
const TAILS = eachKind('tail gives the last rows, in order');
const NO_COUNTS = eachKind('counts that are no counts, and tail with limit or offset, are INVALID_ARGUMENT');

function valid(count: number | undefined): boolean {
  return count !== undefined && Number.isSafeInteger(count) && count >= 0;
}

const counts: Mistake[] = [
  {
    mistake: 'applies the limit before the filter',
    fails: ['logs: counts apply after the stream and the filter'],
    create: countsFirst('filter'),
  },
  {
    mistake: 'applies the limit before the stream',
    fails: ['logs: counts apply after the stream and the filter'],
    create: countsFirst('stream'),
  },
  {
    mistake: 'applies the limit before the window',
    fails: ['logs: counts apply after the time window'],
    create: countsFirst('startTime', 'endTime'),
  },
  {
    mistake: 'forgets the window when there are counts',
    fails: eachKind('counts apply after the time window'),
    create: answering((query) =>
      query.limit === undefined ? query : without(query, 'startTime', 'endTime'),
    ),
  },
  {
    mistake: 'takes a tail from the start',
    fails: [...TAILS, ...eachKind('limit, offset and tail of many rows')],
    create: answering(({ tail, ...query }) => (tail === undefined ? query : { ...query, limit: tail })),
  },
  {
    mistake: 'gives a tail backwards',
    fails: ['logs: tail gives the last rows, in order'],
    create: giving((rows, { tail }) => (tail === undefined ? rows : [...rows].reverse())),
  },
  { mistake: 'ignores the offset', fails: LIMITED, create: answering((query) => without(query, 'offset')) },
  {
    mistake: 'takes a limit of 0 for none',
    fails: LIMITED,
    create: answering(({ limit, ...query }) => (limit ? { ...query, limit } : query)),
  },
  {
    mistake: 'takes counts that are no counts for none',
    fails: NO_COUNTS,
    create: answering(({ limit, ...query }) =>
      limit !== undefined && valid(limit) ? { ...query, limit } : query,
    ),
  },
  {
    mistake: 'prefers the tail when there is a limit too',
    fails: NO_COUNTS,
    create: answering((query) => (query.tail === undefined ? query : without(query, 'limit', 'offset'))),
  },
  {
    mistake: 'takes an unknown stream for both',
    fails: ['logs: a stream other than 0, 1 and 2 is INVALID_ARGUMENT'],
    create: answering(({ stream = 0, ...query }) => ([1, 2].includes(stream) ? { ...query, stream } : query)),
  },
];

const resuming: Mistake[] = [
  {
    mistake: 'resumes with the row that was the last',
    fails: [...eachKind('only rows behind afterOrdinal'), ...eachKind('resuming finds what came since')],
    create: answering(({ afterOrdinal, ...query }) =>
      afterOrdinal === undefined ? query : { ...query, afterOrdinal: afterOrdinal - 1n },
    ),
  },
  {
    mistake: 'takes afterOrdinal for an offset',
    fails: ['logs: behind afterOrdinal, of one stream, with a filter'],
    create: answering(({ afterOrdinal, ...query }) =>
      afterOrdinal === undefined
        ? query
        : { ...query, offset: Number(afterOrdinal) + 1 + (query.offset ?? 0) },
    ),
  },
  {
    mistake: 'resumes at the next multiple of 1000 rows',
    fails: eachKind('page after page gives every row once'),
    create: answering(({ afterOrdinal, ...query }) => {
      const behind = afterOrdinal !== undefined && afterOrdinal % 1000n === 998n;
      if (afterOrdinal === undefined) return query;
      return { ...query, afterOrdinal: behind ? afterOrdinal + 1n : afterOrdinal };
    }),
  },
];

/** Selects with a filter of its own in place of the one it is given. */
function filtering(change: (filter: RowFilter) => RowFilter) {
  return answering(({ filter, ...query }) =>
    filter === undefined ? query : { ...query, filter: change(filter) },
  );
}

/** Looks for the text of the first literal. */
function byText(matches: (content: string, needle: string) => boolean) {
  return filtering((filter) => ({
    ...filter,
    matches: (row) =>
      filter.literals.length !== 1
        ? filter.matches(row)
        : matches(textOf(row.content), textOf(filter.literals[0])),
  }));
}

function asPattern(needle: string): RegExp {
  try {
    return new RegExp(needle);
  } catch {
    return /$^/;
  }
}

const filters: Mistake[] = [
  {
    mistake: 'ignores case',
    fails: ['case matters'],
    create: byText((content, needle) => content.toLowerCase().includes(needle.toLowerCase())),
  },
  {
    mistake: 'compares decoded text',
    fails: ['bytes that are not UTF-8 are compared as bytes'],
    create: byText((content, needle) => content.includes(needle)),
  },
  {
    mistake: 'takes the text for a pattern',
    fails: ['no text has a special meaning'],
    create: byText((content, needle) => asPattern(needle).test(content)),
  },
  {
    mistake: 'compares only the start of a row',
    fails: ['text at the start, in the middle and at the end of a row'],
    create: byText((content, needle) => content.startsWith(needle)),
  },
  {
    mistake: 'normalises before it compares',
    fails: ['text beyond ASCII, and line ends'],
    create: byText((content, needle) => content.normalize('NFC').includes(needle.normalize('NFC'))),
  },
  {
    mistake: 'finds nothing for an empty text',
    fails: ['an empty text is in every row, also in an empty one'],
    create: byText((content, needle) => needle !== '' && content.includes(needle)),
  },
  {
    mistake: 'looks for the text in neighbours joined',
    fails: ['rows are not joined'],
    create: giving(
      (rows, { filter }) => {
        const whole = rows.map(({ content }) => textOf(content)).join('');
        return rows.filter((row) => !filter || filter.matches({ ...row, content: Buffer.from(whole) }));
      },
      (query) => without(query, 'filter'),
    ),
  },
  {
    mistake: 'gives the filter the content alone',
    fails: ['the filter is given each row as it is stored'],
    create: filtering((filter) => ({
      ...filter,
      matches: ({ content }) =>
        filter.matches({ jobId: '', stream: 0, timestamp: 0n, sequence: 0n, content }),
    })),
  },
  {
    mistake: 'prunes a thousand rows when the first has not all literals',
    fails: ['pruning by literals never hides a row'],
    create: giving(
      (rows, { filter }) =>
        rows.filter((row, index) => {
          const first = Buffer.from(rows[index - (index % 1000)].content);
          return (
            !filter ||
            (filter.literals.every((literal) => first.includes(textOf(literal))) && filter.matches(row))
          );
        }),
      (query) => without(query, 'filter'),
    ),
  },
  {
    mistake: 'looks for the literals only',
    fails: ['pruning by literals never hides a row'],
    create: filtering(({ literals }) => ({
      literals,
      matches: ({ content }) => literals.every((literal) => textOf(content).includes(textOf(literal))),
    })),
  },
  {
    mistake: 'compares the first 64 KiB of a row',
    fails: ['a needle anywhere in a long row is found, also one that is long'],
    create: filtering((filter) => ({
      ...filter,
      matches: (row) => filter.matches({ ...row, content: row.content.subarray(0, 65_536) }),
    })),
  },
];

export const BROKEN_QUERIES: readonly BrokenStore[] = [
  ...themed('time windows', windows),
  ...themed('limit, offset and tail', counts),
  ...themed('resuming', resuming),
  ...themed('filters', filters),
];
