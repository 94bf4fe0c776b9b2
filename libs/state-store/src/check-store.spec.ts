import { expect, it } from '@jest/globals';
import { storeProblems } from './check-store.js';
import { createMemoryStore } from './memory-store.js';
import { StateStoreError } from './state-store-error.js';

it('a store has no problems', () => expect(storeProblems(createMemoryStore())).toEqual([]));

it.each([
  [null, ['it is null, expected an object']],
  [7, ['it is number, expected an object']],
  [{ ...createMemoryStore() }, expect.arrayContaining(['create is undefined, expected a method'])],
  [
    Object.assign(createMemoryStore(), { supports: { durable: 'yes' } }),
    ['supports.durable is string, expected a boolean'],
  ],
  [
    Object.assign(createMemoryStore(), { supports: undefined }),
    [expect.stringMatching(/^supports is missing/)],
  ],
])('what is wrong with %p', (value, problems) => expect(storeProblems(value)).toEqual(problems));

it('an error of another copy of this package is one of ours', () => {
  const brand = Object.getOwnPropertySymbols(StateStoreError.prototype).find(
    (one) => Symbol.keyFor(one) !== undefined,
  )!;
  expect({ [brand]: true } instanceof StateStoreError).toBe(true);
  expect(new Error('x') instanceof StateStoreError).toBe(false);
});
