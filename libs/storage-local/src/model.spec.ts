import { describe, expect, it } from '@jest/globals';
import {
  LogBatch,
  MetricBatch,
  StorageError,
  substringFilter,
  type Gap,
  type LogQuery,
  type LogStore,
  type NewLogRow,
} from '@joblet/storage';
import { createMemoryStore } from '@joblet/storage/memory';
import fc from 'fast-check';
import { openLocalStore } from './index.js';
import { tempDirectory } from './testing/temp-store.js';

const jobId = fc.constantFrom('a', 'b', 'wal');
const timestamp = fc.oneof(
  fc.bigInt({ min: 1n, max: 20n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const sequence = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const content = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => Buffer.from(text)),
  fc.constantFrom('needle\n', 'x needle', '').map((text) => Buffer.from(text)),
);
const logRow: fc.Arbitrary<NewLogRow> = fc.record({
  jobId,
  stream: fc.constantFrom(1, 2, 0, 7),
  timestamp,
  sequence,
  content,
});
const counter = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const metricRow = fc.record(
  {
    jobId,
    timestamp,
    sequence,
    data: fc.record(
      {
        cpuUsage: fc.double(),
        memoryUsage: counter,
        gpuUsage: fc.double(),
        diskIo: fc.record({ readBytes: counter, writeBytes: counter, readOps: counter, writeOps: counter }),
        networkIo: fc.record({ rxBytes: counter, txBytes: counter, rxPackets: counter, txPackets: counter }),
      },
      { requiredKeys: ['cpuUsage', 'memoryUsage', 'gpuUsage'] },
    ),
  },
  { requiredKeys: ['jobId', 'timestamp', 'sequence'] },
);
const optional = fc.record(
  {
    stream: fc.constantFrom(0, 1, 2),
    startTime: timestamp,
    endTime: timestamp,
    afterOrdinal: fc.bigInt({ min: 0n, max: 10n }),
    filter: fc.constant(substringFilter('needle')),
  },
  { requiredKeys: [] },
);
const count = fc.nat({ max: 12 });
const counts = fc.oneof(
  fc.record({ tail: count }),
  fc.record({ limit: count, offset: count }, { requiredKeys: [] }),
);
const query: fc.Arbitrary<LogQuery> = fc
  .tuple(jobId, optional, counts)
  .map(([job, conditions, howMany]) => ({ jobId: job, ...conditions, ...howMany }));

type Step =
  | { do: 'writeLogs'; rows: NewLogRow[] }
  | {
      do: 'writeMetrics';
      rows: Parameters<typeof MetricBatch.from>[0] extends Iterable<infer Row> ? Row[] : never;
    }
  | { do: 'delete'; jobId: string }
  | { do: 'reopen' }
  | { do: 'readLogs' | 'readMetrics'; query: LogQuery };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('writeLogs' as const),
      rows: fc.array(logRow, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('writeMetrics' as const),
      rows: fc.array(metricRow, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), jobId }) },
  { weight: 1, arbitrary: fc.constant({ do: 'reopen' as const }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('readLogs' as const, 'readMetrics' as const), query }),
  },
);

/** What a step gives, as something that can be compared; the code of an error stands for it. */
async function outcome(store: LogStore, step: Step): Promise<unknown> {
  try {
    switch (step.do) {
      case 'writeLogs':
        return await store.writeLogs(LogBatch.from(step.rows));
      case 'writeMetrics':
        return await store.writeMetrics(MetricBatch.from(step.rows));
      case 'delete':
        return await store.deleteJob(step.jobId);
      case 'readLogs':
        return await rowsOf(store.readLogs(step.query));
      case 'readMetrics':
        return await rowsOf(store.readMetrics(step.query));
      case 'reopen':
        return undefined;
    }
  } catch (error) {
    if (error instanceof StorageError) return error.code;
    throw error;
  }
}

async function rowsOf(items: AsyncIterable<Iterable<object> | Gap>): Promise<object[]> {
  const rows: object[] = [];
  for await (const item of items) {
    if (!(Symbol.iterator in item)) throw new Error(`a gap in an undamaged store: ${item.reason}`);
    for (const row of item) {
      rows.push(
        'content' in row && row.content instanceof Uint8Array
          ? { ...row, content: Buffer.from(row.content).toString('hex') }
          : { ...row },
      );
    }
  }
  return rows;
}

/** Every write is synced: a busy disk takes its time. */
const TIMEOUT_MS = 120_000;

describe('the local store beside the model', () => {
  it(
    'gives the same for random writes, reads, deletes and restarts',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('text' as const, 'base64' as const),
          fc.array(step, { minLength: 1, maxLength: 14 }),
          async (content, steps) => {
            const { path, remove } = await tempDirectory();
            const model = createMemoryStore();
            let store: LogStore = await openLocalStore({ baseDirectory: path, content });
            try {
              for (const step of steps) {
                if (step.do === 'reopen') {
                  await store.close();
                  store = await openLocalStore({ baseDirectory: path, content });
                }
                expect(await outcome(store, step)).toEqual(await outcome(model, step));
              }
            } finally {
              await store.close();
              await remove();
            }
          },
        ),
        { numRuns: 50 },
      );
    },
    TIMEOUT_MS,
  );
});
