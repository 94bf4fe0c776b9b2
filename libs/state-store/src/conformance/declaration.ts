import assert from 'node:assert/strict';
import { storeProblems } from '../check-store.js';
import type { Theme } from './case.js';

export const declaration: Theme = {
  name: 'declaration',
  cases: [
    {
      name: 'the store declares what it is tested for',
      run: (subject) =>
        subject.check(async ({ supports }) => assert.deepEqual({ ...supports }, { ...subject.supports })),
    },
    {
      name: 'the store has all methods',
      run: (subject) => subject.check(async (store) => assert.deepEqual(storeProblems(store), [])),
    },
    {
      name: 'a new store is healthy',
      run: (subject) =>
        subject.check(async (store) => {
          const { ok, details } = await store.healthCheck();
          assert.equal(ok, true, `healthCheck().ok; its details: ${details.join('; ')}`);
        }),
    },
  ],
};
