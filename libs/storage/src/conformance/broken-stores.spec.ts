import { describe, expect, it } from '@jest/globals';
import type { Supports } from '../features.js';
import { createMemoryStore } from '../memory-store.js';
import { BROKEN_CONTENT } from './broken/broken-content.fixture.js';
import { BROKEN_ENDS } from './broken/broken-ends.fixture.js';
import { BROKEN_FEATURES } from './broken/broken-features.fixture.js';
import { BROKEN_JOBS } from './broken/broken-jobs.fixture.js';
import { BROKEN_ORDER } from './broken/broken-order.fixture.js';
import { BROKEN_QUERIES } from './broken/broken-queries.fixture.js';
import { collectedCases } from './broken/collected-cases.fixture.js';
import { journaled } from './broken/journaled-store.fixture.js';
import { logStoreConformance } from './suite.js';

const EVERYTHING: Supports = { ...createMemoryStore().supports, durable: true };
const BROKEN = [
  ...BROKEN_CONTENT,
  ...BROKEN_ORDER,
  ...BROKEN_QUERIES,
  ...BROKEN_JOBS,
  ...BROKEN_ENDS,
  ...BROKEN_FEATURES,
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
  logStoreConformance({ test: { describe, it }, create: journaled(), supports: EVERYTHING });
});

describe('a store that', () => {
  it.each(BROKEN)('$mistake ($theme)', async ({ theme, fails, create, durable = false }) => {
    const cases = collectedCases(create, { ...EVERYTHING, durable });
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
  const cases = [...collectedCases(journaled(), EVERYTHING).keys()];
  expect(cases.filter((name) => !failed.has(name))).toEqual([]);
});
