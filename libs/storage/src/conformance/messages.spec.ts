import { expect, it } from '@jest/globals';
import { createMemoryStore } from '../memory-store.js';
import { giving } from './broken/broken-store.fixture.js';
import { collectedCases } from './broken/collected-cases.fixture.js';
import type { StoreUnderTest } from './subject.js';

const DURABLE = { ...createMemoryStore().supports, durable: true };

/** What the case says of the store. */
async function messageOf(name: string, create: () => Promise<StoreUnderTest>): Promise<string> {
  const body = collectedCases(create, DURABLE).get(name);
  const error = await body?.().catch((reason: unknown) => reason);
  return error instanceof Error ? error.message : 'no error';
}

it('a row that differs: how many there are, which one it is, and in which field', async () => {
  const fromOne = giving((rows) => rows.map((row) => ({ ...row, ordinal: row.ordinal! + 1n })));
  const name = 'order and ordinals › both streams in the order of arrival, whatever the times and sequences';
  expect(await messageOf(name, fromOne)).toMatch(
    /^7 rows, expected 7; the first that differs is number 0 \(in ordinal\): found {.*}, expected {.*}$/,
  );
});

it('a store that has lost its rows: that it was opened again', async () => {
  const create = async () => ({
    store: createMemoryStore(),
    reopen: async () => createMemoryStore(),
    dispose: async () => undefined,
  });
  expect(await messageOf('content of log rows › NUL bytes and empty contents', create)).toMatch(
    /^after the store was closed and opened again: StorageError: job job-1 is not known/,
  );
});

it.each([
  ['{}', 'an object without a store'],
  ['{"store":{}}', 'an object without dispose'],
  ['null', 'null'],
  ['"a store"', 'string'],
])('a create that resolves to %s: what it gave, and what it has to give', async (json, found) => {
  const create = async (): Promise<StoreUnderTest> => JSON.parse(json);
  expect(await messageOf('closing › Symbol.asyncDispose closes the store', create)).toBe(
    `create resolved to ${found}, expected { store, dispose }`,
  );
});
