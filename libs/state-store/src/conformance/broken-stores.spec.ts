import { describe, expect, it } from '@jest/globals';
import { createMemoryStore } from '../memory-store.js';
import { BROKEN_CALLS } from './broken/broken-calls.fixture.js';
import { BROKEN_CONTENT } from './broken/broken-content.fixture.js';
import { BROKEN_CREATES } from './broken/broken-creates.fixture.js';
import { BROKEN_DELETES } from './broken/broken-deletes.fixture.js';
import { BROKEN_LISTS } from './broken/broken-lists.fixture.js';
import { BROKEN_SYNCS } from './broken/broken-syncs.fixture.js';
import { BROKEN_UPDATES } from './broken/broken-updates.fixture.js';
import { BROKEN_UPSERTS } from './broken/broken-upserts.fixture.js';
import { collectedCases } from './broken/collected-cases.fixture.js';
import { journaled } from './broken/journaled-store.fixture.js';
import { stateStoreConformance } from './suite.js';

const DURABLE = { ...createMemoryStore().supports, durable: true };
const BROKEN = [
  ...BROKEN_CONTENT,
  ...BROKEN_CREATES,
  ...BROKEN_UPDATES,
  ...BROKEN_UPSERTS,
  ...BROKEN_DELETES,
  ...BROKEN_LISTS,
  ...BROKEN_SYNCS,
  ...BROKEN_CALLS,
];

/** What a case failed with: its own assertion, or an error of the store that it did not expect. */
async function failure(body: () => Promise<void>): Promise<unknown> {
  try {
    await body();
    return 'passed';
  } catch (error) {
    return error instanceof Error && 'code' in error ? 'failed' : error;
  }
}

describe('the right store', () => {
  stateStoreConformance({ test: { describe, it }, create: journaled(), supports: DURABLE });
});

describe('a store that', () => {
  it.each(BROKEN)('$mistake ($theme)', async ({ theme, fails, create }) => {
    // Those that can be opened again say that they are durable: the cases look once, or twice.
    const { supports } = (await create({ now: Date.now })).store;
    const all = collectedCases(create, DURABLE);
    const cases = supports.durable ? all : collectedCases(create, createMemoryStore().supports);
    const outcomes = new Map<string, unknown>();
    for (const name of fails) {
      const body = cases.get(`${theme} › ${name}`);
      outcomes.set(name, body ? await failure(body) : 'there is no such case');
    }
    expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries(fails.map((name) => [name, 'failed'])));
  });
});

it('each case of the suite has a store that fails it', () => {
  const failed = new Set(BROKEN.flatMap(({ theme, fails }) => fails.map((name) => `${theme} › ${name}`)));
  const cases = [...collectedCases(journaled(), DURABLE).keys()];
  expect(cases.filter((name) => !failed.has(name))).toEqual([]);
});
