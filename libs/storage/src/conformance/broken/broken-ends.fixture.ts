import { setImmediate } from 'node:timers/promises';
import type { LogStore } from '../../log-store.js';
import { StorageError } from '../../storage-error.js';
import { altered, inPages, themed, type BrokenStore, type Mistake } from './broken-store.fixture.js';
import { journaled } from './journaled-store.fixture.js';

const BETWEEN = 'aborted between two steps, the next one rejects with ABORTED, and the read is over';
const ALREADY =
  'a read with a signal that is aborted already rejects with ABORTED, with its reason as the cause';
const PENDING = 'aborted while a step is pending, that step rejects with ABORTED';
const CLOSED = 'after closing every method rejects with CLOSED, and nothing more is stored';
const LEFT =
  'reads that are broken off, or never begun, leave nothing behind that hinders reading or closing';

/** The rows as long as `goesOn` says so, then a silent end. */
async function* untilStopped<Item>(items: AsyncIterable<Item>, goesOn: () => boolean): AsyncGenerator<Item> {
  for await (const item of items) {
    if (!goesOn()) return;
    yield item;
  }
}

const leaving: Mistake[] = [
  {
    mistake: 'ignores the signal',
    fails: [
      ALREADY,
      BETWEEN,
      PENDING,
      'aborted while a tail is looked for, the step rejects with ABORTED',
      'aborted while rows are filtered, the step rejects with ABORTED, even if no row is left',
    ],
    create: altered((right) => ({
      readLogs: (query) => right.readLogs(query),
      readMetrics: (query) => right.readMetrics(query),
    })),
  },
  {
    mistake: 'ends an aborted read as if there were no more rows',
    fails: [BETWEEN],
    create: altered((right) => ({
      readLogs: (query, { signal } = {}) => untilStopped(right.readLogs(query), () => !signal?.aborted),
    })),
  },
  {
    mistake: 'looks at the signal when it begins only',
    fails: [PENDING],
    create: altered((right) => ({
      async *readLogs(query, { signal } = {}) {
        if (signal?.aborted) throw StorageError.aborted(signal);
        yield* right.readLogs(query);
      },
    })),
  },
  {
    mistake: "rejects with the signal's own reason",
    fails: [ALREADY],
    create: altered((right) => ({
      async *readLogs(query, { signal } = {}) {
        signal?.throwIfAborted();
        yield* right.readLogs(query);
      },
    })),
  },
  {
    mistake: 'is aborted by every signal',
    fails: ['a signal that is not aborted changes nothing; aborted after the end, neither'],
    create: altered((right) => ({
      async *readLogs(query, { signal } = {}) {
        if (signal) throw StorageError.aborted(signal);
        yield* right.readLogs(query);
      },
    })),
  },
  {
    mistake: 'has a hundred places for readers, taken until the end',
    fails: [LEFT],
    create: altered((right) => {
      let places = 100;
      return {
        async *readLogs(query, options) {
          if (places-- <= 0) throw new StorageError('UNAVAILABLE', 'too many readers');
          yield* right.readLogs(query, options);
          places++;
        },
      };
    }),
  },
  {
    mistake: 'opens what it reads before it is asked to',
    fails: [LEFT],
    create: altered((right) => {
      let opened = 0;
      const open = (query: Parameters<LogStore['readLogs']>[0]) => {
        if (opened++ > 500) throw new StorageError('UNAVAILABLE', 'too many open reads');
        return right.readLogs(query);
      };
      return { readLogs: (query) => open(query) };
    }),
  },
  {
    mistake: 'takes an error of the filter for a row that does not match',
    fails: ['what a filter throws ends the read and reaches the reader'],
    create: altered((right) => ({
      async *readLogs(query, options) {
        try {
          yield* right.readLogs(query, options);
        } catch (error) {
          if (error instanceof StorageError) throw error;
        }
      },
    })),
  },
];

const closing: Mistake[] = [
  {
    mistake: 'does not wait for writes when it closes',
    fails: ['closing waits for the writes under way, and they are stored'],
    create: altered((right) => ({
      async writeLogs(batch, options) {
        for (let turns = 0; turns < 20; turns++) await setImmediate();
        await right.writeLogs(batch, options);
      },
    })),
  },
  {
    mistake: 'rejects the writes under way when it closes',
    fails: ['closing waits for the writes under way, and they are stored'],
    create: altered((right) => ({
      async writeLogs(batch, options) {
        await Promise.resolve();
        await right.writeLogs(batch, options);
      },
    })),
  },
  {
    mistake: 'still reads after closing',
    fails: [CLOSED, 'Symbol.asyncDispose closes the store'],
    create: altered(() => ({ close: async () => undefined, [Symbol.asyncDispose]: async () => undefined })),
  },
  {
    mistake: 'tells nothing of closing when it is asked for numbers',
    fails: [CLOSED],
    create: altered(() => ({
      stats: async () => ({ jobs: 0n, logRows: 0n, metricRows: 0n, sizeBytes: 0n }),
    })),
  },
  {
    mistake: 'closes a while after it was told to',
    fails: ['a call rejects with CLOSED as soon as close was called, though closing is still under way'],
    create: altered((right) => ({
      async close() {
        await setImmediate();
        await right.close();
      },
    })),
  },
  {
    mistake: 'rejects when it is closed twice',
    fails: ['closing twice, at a time or one after the other, is fine'],
    create: altered((right) => {
      let closed = false;
      return {
        async close() {
          if (closed) throw StorageError.closed();
          closed = true;
          await right.close();
        },
      };
    }),
  },
  {
    mistake: 'does nothing when it is disposed of',
    fails: ['Symbol.asyncDispose closes the store'],
    create: altered(() => ({ [Symbol.asyncDispose]: async () => undefined })),
  },
  {
    mistake: 'ends reads when it closes, as if there were no more rows',
    fails: ['closing does not wait for a reader; its read then gives all its rows or rejects with CLOSED'],
    create: altered((right) => {
      let closed = false;
      return {
        readLogs: (query) => untilStopped(inPages(right, query), () => !closed),
        async close() {
          closed = true;
        },
      };
    }),
  },
  {
    mistake: 'has lost the last write when it is opened again',
    durable: true,
    fails: ['what was stored is there after each reopening, also when nothing was written meanwhile'],
    create: journaled((journal) => journal.slice(0, -1)),
  },
  {
    mistake: 'has what was written twice when it is opened again',
    durable: true,
    fails: [
      'closing waits for the writes under way, and they are stored',
      'what was stored is there after each reopening, also when nothing was written meanwhile',
    ],
    create: journaled((journal) => [...journal, ...journal]),
  },
];

export const BROKEN_ENDS: readonly BrokenStore[] = [
  ...themed('aborting and leaving a read', leaving),
  ...themed('closing', closing),
];
