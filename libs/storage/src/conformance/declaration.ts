import assert from 'node:assert/strict';
import { FEATURES, storeProblems } from '../check-store.js';
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
      name: 'the store has the methods of what it declares, and no others',
      run: (subject) =>
        subject.check(async (store) => {
          assert.deepEqual(storeProblems(store), []);
          for (const { feature, methods } of FEATURES) {
            const present = methods.filter((method) => typeof store[method] === 'function');
            if (store.supports[feature] || present.length === 0) continue;
            assert.fail(
              `has ${present.join(' and ')} although supports.${feature} is false; declare it, or leave it out`,
            );
          }
        }),
    },
  ],
};
