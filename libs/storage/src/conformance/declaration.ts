import assert from 'node:assert/strict';
import type { Feature } from '../features.js';
import type { LogStore } from '../log-store.js';
import type { Theme } from './case.js';

const METHODS: readonly { feature: Feature; methods: readonly (keyof LogStore)[] }[] = [
  { feature: 'listJobs', methods: ['listJobs', 'getJobInfo'] },
  { feature: 'stats', methods: ['stats'] },
  { feature: 'retention', methods: ['cleanup'] },
  { feature: 'deleteMetrics', methods: ['deleteMetrics'] },
  { feature: 'idempotentWrites', methods: ['durableSources'] },
  { feature: 'endRecords', methods: ['endJob'] },
];

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
          for (const { feature, methods } of METHODS) {
            for (const method of methods) {
              assert.equal(
                typeof store[method] === 'function',
                store.supports[feature],
                `has method ${String(method)}; expected what supports.${feature} says`,
              );
            }
          }
        }),
    },
  ],
};
