import { describe, expect, it } from '@jest/globals';
import {
  LogBatch,
  MetricBatch,
  StorageError,
  substringFilter,
  type Gap,
  type LogQuery,
  type JobInfo,
  type NewLogRow,
} from '@joblet/storage';
import { createMemoryStore, type MemoryStore } from '@joblet/storage/memory';
import fc from 'fast-check';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openEngineStore } from './local-store.js';
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
  | { do: 'delete' | 'deleteMetrics' | 'end' | 'info'; jobId: string }
  | { do: 'reopen' | 'kill' | 'seal' | 'spill' | 'checkpoint' | 'stats' | 'list' }
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
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('deleteMetrics' as const, 'end' as const, 'info' as const),
      jobId,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'reopen' as const,
        'kill' as const,
        'seal' as const,
        'spill' as const,
        'checkpoint' as const,
        'stats' as const,
        'list' as const,
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constantFrom('readLogs' as const, 'readMetrics' as const), query }),
  },
);

type Features = Pick<MemoryStore, Exclude<keyof MemoryStore, 'supports'>>;

/** What a step gives, as something that can be compared; the code of an error stands for it. */
async function outcome(store: Features, step: Step): Promise<unknown> {
  try {
    switch (step.do) {
      case 'writeLogs':
        return await store.writeLogs(LogBatch.from(step.rows));
      case 'writeMetrics':
        return await store.writeMetrics(MetricBatch.from(step.rows));
      case 'delete':
        return await store.deleteJob(step.jobId);
      case 'deleteMetrics':
        return await store.deleteMetrics(step.jobId);
      case 'end':
        return await store.endJob(step.jobId, { time: 5n, exitCode: 1 });
      case 'info':
        return withoutSize(await store.getJobInfo(step.jobId));
      case 'stats':
        return { ...(await store.stats()), sizeBytes: 0n };
      case 'list': {
        const jobs: object[] = [];
        for await (const job of store.listJobs()) jobs.push(withoutSize(job));
        return jobs;
      }
      case 'readLogs':
        return await rowsOf(store.readLogs(step.query));
      case 'readMetrics':
        return await rowsOf(store.readMetrics(step.query));
      case 'reopen':
      case 'kill':
      case 'seal':
      case 'spill':
      case 'checkpoint':
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

/** What a job takes is each store's own affair. */
function withoutSize(info: JobInfo): object {
  return { ...info, sizeBytes: 0n };
}

/** Every write is synced: a busy disk takes its time. */
const TIMEOUT_MS = 120_000;

describe('the local store beside the model', () => {
  it(
    'gives the same for random writes, reads, seals, runs, deletes, restarts and kills, compressed and plain',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('text' as const, 'base64' as const),
          fc.constantFrom(100, 1_000_000),
          fc.constantFrom<readonly boolean[]>([true], [false], [false, true], [true, false, false]),
          fc.array(step, { minLength: 1, maxLength: 30 }),
          async (content, blockBytes, compressions, steps) => {
            const { path, remove } = await tempDirectory();
            const model = createMemoryStore();
            let baseDirectory = join(path, '0');
            let kills = 0;
            let opens = 0;
            const open = () => {
              const compression = compressions[opens++ % compressions.length];
              return openEngineStore({ baseDirectory, content, blockBytes, compression });
            };
            let { store, engine } = await open();
            try {
              for (const step of steps) {
                if (step.do === 'seal') await engine.sealAll();
                if (step.do === 'spill') await engine.spillAll();
                if (step.do === 'checkpoint') await engine.checkpoint();
                if (step.do === 'kill') {
                  // What another process would find if this one was killed now.
                  await engine.settled();
                  const copy = join(path, String(++kills));
                  await mkdir(copy);
                  await cp(baseDirectory, copy, {
                    recursive: true,
                    filter: (name) => !name.endsWith('.sock'),
                  });
                  baseDirectory = copy;
                }
                if (step.do === 'reopen' || step.do === 'kill') {
                  await store.close();
                  ({ store, engine } = await open());
                }
                expect(await outcome(store, step)).toEqual(await outcome(model, step));
              }
            } finally {
              await store.close();
              await remove();
            }
          },
        ),
        { numRuns: 60 },
      );
    },
    TIMEOUT_MS,
  );
});
