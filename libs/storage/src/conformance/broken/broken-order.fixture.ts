import { setImmediate } from 'node:timers/promises';
import { LogBatch, type LogRow } from '../../log-batch.js';
import type { LogStore } from '../../log-store.js';
import { createMemoryStore } from '../../memory-store.js';
import { MetricBatch } from '../../metric-batch.js';
import {
  altered,
  batchOf,
  giving,
  inPages,
  lookingTwice,
  storing,
  themed,
  type BrokenStore,
  type Mistake,
} from './broken-store.fixture.js';
import { journaled } from './journaled-store.fixture.js';

const ARRIVAL = 'both streams in the order of arrival, whatever the times and sequences';
const NUMBERED = 'ordinals go on from write to write, logs and metrics apart';
const REOPENED = 'ordinals go on after reopening';

function sortedBy(compare: (a: LogRow, b: LogRow) => number) {
  return giving((rows) => {
    const ordinals = rows.map(({ ordinal }) => ordinal ?? 0n);
    return [...rows].sort(compare).map((row, index) => ({ ...row, ordinal: ordinals[index] }));
  });
}

function renumbered(ordinalOf: (row: LogRow, index: number) => bigint) {
  return giving((rows) => rows.map((row, index) => ({ ...row, ordinal: ordinalOf(row, index) })));
}

const order: Mistake[] = [
  {
    mistake: 'sorts by time',
    fails: [ARRIVAL],
    create: sortedBy((a, b) => Number(a.timestamp - b.timestamp)),
  },
  {
    mistake: 'gives stdout before stderr',
    fails: [ARRIVAL],
    create: sortedBy((a, b) => a.stream - b.stream),
  },
  {
    mistake: 'sorts metrics by time within a write and between writes',
    fails: ['metrics in the order of arrival, whatever the times and sequences'],
    create: altered((right) => ({
      async *readMetrics(query, options) {
        for await (const item of right.readMetrics(query, options)) {
          if (item.kind === 'gap') continue;
          const sorted = [...item].sort((a, b) => Number(a.timestamp - b.timestamp));
          const store = createMemoryStore();
          await store.writeMetrics(MetricBatch.from(sorted));
          yield* store.readMetrics({ jobId: query.jobId });
        }
      },
    })),
  },
  { mistake: 'numbers from 1', fails: [ARRIVAL], create: renumbered((row) => (row.ordinal ?? 0n) + 1n) },
  {
    mistake: 'numbers each batch from 0',
    fails: [NUMBERED, 'overlapping writes are stored in the order of the calls'],
    create: renumbered((row) => (row.ordinal ?? 0n) % 5n),
  },
  {
    mistake: 'numbers logs and metrics together',
    fails: [NUMBERED],
    create: altered((right) => {
      let metrics = 0n;
      return {
        async writeMetrics(batch, options) {
          await right.writeMetrics(batch, options);
          metrics += BigInt(batch.length);
        },
        async *readLogs(query, options) {
          for await (const item of right.readLogs(query, options)) {
            if (item.kind === 'logs') {
              yield batchOf([...item].map((row) => ({ ...row, ordinal: (row.ordinal ?? 0n) + metrics })));
            }
          }
        },
      };
    }),
  },
  {
    mistake: 'numbers what a query gives',
    fails: ['one stream: its rows, with the ordinals that they have among both'],
    create: renumbered((_, index) => BigInt(index)),
  },
  {
    mistake: 'stores only the first job of a batch',
    fails: ['one batch with the rows of many jobs, mixed: each job has its own, in order'],
    create: altered((right) => ({
      writeLogs: (batch, options) =>
        right.writeLogs(LogBatch.from([...batch].filter(({ jobId }) => jobId === batch.jobIds[0])), options),
    })),
  },
  {
    mistake: 'lets small writes overtake large ones',
    fails: ['overlapping writes are stored in the order of the calls'],
    create: altered((right) => ({
      async writeLogs(batch, options) {
        for (let turns = batch.length / 10; turns > 0; turns--) await setImmediate();
        await right.writeLogs(batch, options);
      },
    })),
  },
  {
    mistake: 'loses what is behind the second batch of a read',
    fails: ['many rows in one write and in many'],
    create: giving((rows) => rows.slice(0, 2000)),
  },
  {
    mistake: 'has one place for all readers',
    fails: ['reads of the same and of other jobs at a time do not disturb each other'],
    create: altered((right) => {
      let steps: AsyncIterator<LogBatch | { kind: 'gap' }> | undefined;
      return {
        async *readLogs(query, options) {
          steps = right.readLogs(query, options)[Symbol.asyncIterator]();
          for (;;) {
            const { done, value } = await steps.next();
            if (done) return;
            if (value.kind === 'logs') yield value;
          }
        },
      };
    }),
  },
  {
    mistake: 'numbers anew when it is opened',
    durable: true,
    fails: [REOPENED],
    create: journaled((journal) => journal.slice(-1)),
  },
];

/** Stores a batch piece by piece, and lets readers have their turn between two pieces. */
async function inPieces(store: LogStore, batch: LogBatch | MetricBatch, pieces: number[][]): Promise<void> {
  for (const rows of pieces) {
    await setImmediate();
    if (batch.kind === 'logs') await store.writeLogs(batch.pick(rows));
    else await store.writeMetrics(batch.pick(rows));
  }
}

/** The numbers of a batch's rows, those that `same` joins together. */
function pieces(batch: LogBatch | MetricBatch, same: (row: number) => unknown): number[][] {
  const numbers = Array.from({ length: batch.length }, (_, row) => row);
  return [...new Set(numbers.map(same))].map((key) => numbers.filter((row) => same(row) === key));
}

const atomicity: Mistake[] = [
  {
    mistake: 'stores a batch row by row',
    fails: [
      'logs: readers see a batch as a whole or not at all, across jobs too',
      'metrics: readers see a batch as a whole or not at all, across jobs too',
    ],
    create: altered((right) => ({
      writeLogs: (batch) =>
        inPieces(
          right,
          batch,
          pieces(batch, (row) => row),
        ),
      writeMetrics: (batch) =>
        inPieces(
          right,
          batch,
          pieces(batch, (row) => row),
        ),
    })),
  },
  {
    mistake: 'stores a batch job by job',
    fails: [
      'logs: readers see a batch as a whole or not at all, across jobs too',
      'metrics: readers see a batch as a whole or not at all, across jobs too',
    ],
    create: altered((right) => ({
      writeLogs: (batch) =>
        inPieces(
          right,
          batch,
          pieces(batch, (row) => batch.jobId(row)),
        ),
      writeMetrics: (batch) =>
        inPieces(
          right,
          batch,
          pieces(batch, (row) => batch.jobId(row)),
        ),
    })),
  },
  {
    mistake: 'confirms a write before it is readable',
    fails: ['what a write brought is readable when it resolves'],
    create: altered((right) => {
      let last: Promise<unknown> = Promise.resolve();
      return {
        async writeLogs(batch, options) {
          last = last.then(() => setImmediate()).then(() => right.writeLogs(batch, options));
        },
        async close() {
          await last;
          await right.close();
        },
      };
    }),
  },
  {
    mistake: 'gives rows that come while it reads',
    fails: ['a read gives the rows that were there when it began, not those that come meanwhile'],
    create: altered((right) => ({ readLogs: (query) => inPages(right, query) })),
  },
  {
    mistake: 'looks for a tail, and then reads what is there by then',
    fails: ['a tail is of the rows that were there when the read began'],
    create: lookingTwice(),
  },
];

export const BROKEN_ORDER: readonly BrokenStore[] = [
  ...themed('order and ordinals', order),
  ...themed('atomicity', atomicity),
  {
    mistake: 'loses one row among many',
    theme: 'random sessions',
    fails: ['answers like the memory store, whatever is written, read and deleted'],
    create: storing((row) => (row.sequence === 77n ? undefined : row)),
  },
];
