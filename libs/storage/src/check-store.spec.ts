import { describe, expect, it } from '@jest/globals';
import { storeProblems } from './check-store.js';
import { createMemoryStore } from './memory.js';
import { StorageError } from './storage-error.js';

const NOTHING = { durable: false };

function store(more: object = {}): object {
  const method = () => undefined;
  const methods = { writeLogs: method, writeMetrics: method, readLogs: method, readMetrics: method };
  return {
    ...methods,
    deleteJob: method,
    close: method,
    [Symbol.asyncDispose]: method,
    supports: NOTHING,
    ...more,
  };
}

describe('storeProblems', () => {
  it('finds none in a store, also one that knows nothing of newer capabilities', () => {
    expect(storeProblems(createMemoryStore())).toEqual([]);
    expect(storeProblems(store())).toEqual([]);
    expect(storeProblems(store({ newer: 1, supports: { durable: true, newer: true } }))).toEqual([]);
  });

  it.each([
    [undefined, ['it is undefined, expected an object']],
    [null, ['it is null, expected an object']],
    [() => undefined, ['it is function, expected an object']],
    [
      store({ writeLogs: undefined, close: 7 }),
      ['writeLogs is missing, expected a method', 'close is number, expected a method'],
    ],
    [
      store({ [Symbol.asyncDispose]: undefined }),
      ['[Symbol.asyncDispose] is missing, expected a method that closes it'],
    ],
    [
      store({ supports: true }),
      ['supports is missing, expected an object such as { durable: true, listJobs: false, … }'],
    ],
    [store({ supports: { stats: 'yes' } }), ['supports.stats is "yes", expected true or false']],
    [
      store({ supports: { listJobs: true }, listJobs: () => undefined }),
      ['getJobInfo is missing, expected a method because supports.listJobs is true'],
    ],
  ])('names each thing that is wrong (%#)', (value, problems) => {
    expect(storeProblems(value)).toEqual(problems);
  });
});

describe('StorageError', () => {
  it('is known across copies of the package, and nothing else is taken for one', async () => {
    const copy = (await import(`${new URL('../dist/storage-error.js', import.meta.url).href}?copy`)) as {
      StorageError: typeof StorageError;
    };
    expect(copy.StorageError).not.toBe(StorageError);
    expect(new copy.StorageError('NO_SPACE', 'full')).toBeInstanceOf(StorageError);
    expect(StorageError.closed()).toBeInstanceOf(copy.StorageError);
    for (const other of [
      new Error('x'),
      null,
      undefined,
      'StorageError',
      { name: 'StorageError', code: 'CLOSED' },
    ])
      expect(other instanceof StorageError).toBe(false);
  });
});
