import assert from 'node:assert/strict';
import { substringFilter, type RowFilter } from '../filter.js';
import type { LogRow } from '../log-batch.js';
import type { LogStore } from '../log-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs } from './read.js';
import { JOB, line, lines, MANY, TIME, writeLogs } from './rows.js';
import { sameList, sameLogs } from './same-rows.js';

async function matching(store: LogStore, filter: RowFilter): Promise<(bigint | undefined)[]> {
  return (await readLogs(store, { filter })).map(({ ordinal }) => ordinal);
}

/** Rows that have all of these byte strings, which are also the literals to prune by. */
function containsAll(...needles: (string | Uint8Array)[]): RowFilter {
  const literals = needles.map((needle) => Buffer.from(needle));
  return {
    literals,
    matches: ({ content }) => literals.every((literal) => Buffer.from(content).includes(literal)),
  };
}

/** A case with one row for each of `contents`, and what each needle finds among them. */
function finds(
  name: string,
  contents: readonly (string | Uint8Array)[],
  expected: readonly [needle: string | Uint8Array, ordinals: readonly bigint[]][],
): ConformanceCase {
  return {
    name,
    async run(subject) {
      await writeLogs(
        subject.store,
        contents.map((content, index) => line(content, { stream: 1 + (index % 2) })),
      );
      await subject.check(async (store) => {
        for (const [needle, ordinals] of expected) {
          const filter = typeof needle === 'string' ? substringFilter(needle) : containsAll(needle);
          sameList(await matching(store, filter), ordinals, `rows with ${JSON.stringify(needle)}`);
        }
      });
    },
  };
}

const seesTheRow: ConformanceCase = {
  name: 'the filter is given each row as it is stored',
  async run(subject) {
    const written = lines(8);
    await writeLogs(subject.store, written);
    await subject.check(async (store) => {
      const seen = new Map<bigint | undefined, LogRow>();
      const filter: RowFilter = {
        literals: [],
        matches(row) {
          seen.set(row.ordinal, row);
          return row.jobId === JOB && row.stream === 2 && row.timestamp > TIME + 1n && row.sequence < 7n;
        },
      };
      sameList(await matching(store, filter), [3n, 5n]);
      sameLogs([...seen.values()], written);
    });
  },
};

const pruning: ConformanceCase = {
  name: 'pruning by literals never hides a row',
  async run(subject) {
    const rare = [0, 1, 998, 999, 1000, 1001, 1777, MANY - 2, MANY - 1];
    const written = lines(MANY).map((row, index) =>
      rare.includes(index) ? { ...row, content: Buffer.from(`xx${index} needle, then haystack`) } : row,
    );
    await writeLogs(subject.store, written);
    await writeLogs(subject.store, [line('haystack before needle')]);
    await subject.check(async (store) => {
      const expected = [...rare, MANY].map(BigInt);
      sameList(await matching(store, substringFilter('needle')), expected);
      sameList(await matching(store, containsAll('haystack', 'needle')), expected);
      sameList(await matching(store, containsAll('needle', 'haystack', 'eed', 'e', '')), expected);
      sameList(await matching(store, containsAll('needle', 'nowhere')), []);
      sameList(await matching(store, containsAll('xx1777')), [1777n]);
      // One of the literals alone is not the condition: only `matches` is.
      const either: RowFilter = {
        literals: [],
        matches: ({ content }) => /^(xx1001|haystack before)/.test(Buffer.from(content).toString()),
      };
      sameList(await matching(store, either), [1001n, BigInt(MANY)]);
    });
  },
};

const inLongRow: ConformanceCase = {
  name: 'a needle anywhere in a long row is found, also one that is long',
  async run(subject) {
    const places = [0, 4090, 65_530, 262_140, 500_000 - 13];
    const needle = 'needle \u00e4\u{1f600}';
    const rows = places.map((place) => {
      const content = Buffer.alloc(500_000, 'abcdefghij');
      content.write(needle, place);
      return line(content);
    });
    await writeLogs(subject.store, [...rows, line(Buffer.alloc(500_000, 'abcdefghij'))]);
    await subject.check(async (store) => {
      sameList(await matching(store, substringFilter(needle)), [0n, 1n, 2n, 3n, 4n]);
      sameList(await matching(store, substringFilter('abcdefghij'.repeat(49_990))), [0n, 4n, 5n]);
      assert.equal((await matching(store, substringFilter('ab'.repeat(300_000)))).length, 0);
    });
  },
};

export const filters: Theme = {
  name: 'filters',
  cases: [
    finds(
      'text at the start, in the middle and at the end of a row',
      ['needle', 'a needle', 'needles', 'need le'],
      [
        ['needle', [0n, 1n, 2n]],
        ['needles', [2n]],
        ['n', [0n, 1n, 2n, 3n]],
        ['a needle!', []],
      ],
    ),
    finds(
      'case matters',
      ['Error', 'error', 'ERROR', 'Äpfel', 'äpfel', 'STRASSE', 'straße', 'İ'],
      [
        ['error', [1n]],
        ['Error', [0n]],
        ['ROR', [2n]],
        ['äpfel', [4n]],
        ['strasse', []],
        ['i', []],
      ],
    ),
    finds('an empty text is in every row, also in an empty one', ['', 'x', '\0'], [['', [0n, 1n, 2n]]]),
    finds(
      'no text has a special meaning',
      ['a.c', 'abc', '100%', 'a_c', 'a\\c', '"q"', '* (x) [y] ^$', 'a\\\\c'],
      [
        ['a.c', [0n]],
        ['%', [2n]],
        ['a_c', [3n]],
        ['\\', [4n, 7n]],
        ['"', [5n]],
        ['* (', [6n]],
        ['^$', [6n]],
        ['\\\\', [7n]],
        ['.*', []],
      ],
    ),
    finds(
      'text beyond ASCII, and line ends',
      ['grün', 'gru\u0308n', '漢字かな', '😀😁', 'two\nlines', 'two\r\nlines'],
      [
        ['grün', [0n]],
        ['u\u0308', [1n]],
        ['字か', [2n]],
        ['😁', [3n]],
        ['o\nl', [4n]],
        ['\n', [4n, 5n]],
        ['\r', [5n]],
      ],
    ),
    finds(
      'bytes that are not UTF-8 are compared as bytes',
      [Uint8Array.of(0x61, 0xff, 0x62), '\ufffd', Uint8Array.of(0xc3), 'Ã', Uint8Array.of(0, 1), 'ÿ'],
      [
        ['\ufffd', [1n]],
        ['a', [0n]],
        ['b', [0n]],
        [Uint8Array.of(0xff), [0n]],
        [Uint8Array.of(0xc3), [2n, 3n, 5n]],
        [Uint8Array.of(0), [4n]],
        ['ÿ', [5n]],
      ],
    ),
    finds(
      'rows are not joined',
      ['nee', 'dle', 'nee\n', 'dle'],
      [
        ['needle', []],
        ['nee\ndle', []],
      ],
    ),
    seesTheRow,
    pruning,
    inLongRow,
  ],
};
