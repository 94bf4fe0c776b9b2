import { describe, expect, it } from '@jest/globals';
import { encodeLogLine } from '@joblet/wire';
import fc from 'fast-check';
import { substringFilter } from './filter.js';
import { BATCH_BYTES_MAX, BATCH_ROWS_MAX } from './limits.js';
import { LogBatch, LogBatchBuilder, type LogRow } from './log-batch.js';
import { MetricBatchBuilder, type MetricBatch } from './metric-batch.js';
import type { Gap, LogQuery } from './query.js';
import { selectLogs, selectMetrics } from './select.js';
import { StorageError } from './storage-error.js';

type Item = LogBatch | Gap;

const JOB = { jobId: 'a' };
const TEXTS = ['', 'x', 'xy', 'yx'];

interface Row {
  readonly stream: number;
  readonly time: number;
  readonly text: string;
}

function batchOf(rows: readonly Row[], firstOrdinal: number): LogBatch {
  const builder = new LogBatchBuilder();
  rows.forEach(({ stream, time, text }, index) => {
    const timestamp = BigInt(time);
    const bytes = encodeLogLine({ ...JOB, stream, timestamp, sequence: 0n, content: Buffer.from(text) });
    builder.add({ ...JOB, timestamp, ordinal: BigInt(firstOrdinal + index) }, bytes, 0, bytes.length);
  });
  return builder.build();
}

function gapBehind(ordinal: number, stream = 0): Gap {
  return { kind: 'gap', stream, afterOrdinal: BigInt(ordinal), reason: 'lost' };
}

function some(count: number, text = ''): Row[] {
  return Array.from({ length: count }, (_, time) => ({ stream: 1, time, text }));
}

async function* giving(items: readonly Item[]): AsyncGenerator<Item> {
  yield* items;
}

async function taken(query: Partial<LogQuery>, items: readonly Item[]): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of selectLogs({ ...JOB, ...query }, () => giving(items))) found.push(item);
  return found;
}

/** Rows as their ordinals, gaps as `gap behind 5 of 1`, in order. */
function shown(items: readonly Item[]): string[] {
  return items.flatMap((item) =>
    item.kind === 'gap'
      ? [`gap behind ${item.afterOrdinal} of ${item.stream}`]
      : [...item].map(({ ordinal }) => String(ordinal)),
  );
}

/** Batches and gaps as they may come from a store, and all of it row by row. */
const scans = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.array(
          fc.record({ stream: fc.nat(3), time: fc.nat(6), text: fc.constantFrom(...TEXTS) }),
          { maxLength: 8 },
        ),
      },
      { weight: 1, arbitrary: fc.nat(2) },
    ),
    { maxLength: 10 },
  )
  .map((parts) => {
    let ordinal = 0;
    return parts.map((part): Item => {
      if (typeof part === 'number') return gapBehind(ordinal - 1, part);
      ordinal += part.length;
      return batchOf(part, ordinal - part.length);
    });
  });

const counts = fc.oneof(
  fc.record({ limit: fc.nat(12), offset: fc.nat(12) }, { requiredKeys: [] }),
  fc.record({ tail: fc.nat(20) }),
);

const queries: fc.Arbitrary<Partial<LogQuery>> = fc
  .tuple(
    counts,
    fc.record(
      {
        stream: fc.nat(2),
        startTime: fc.bigInt({ min: 0n, max: 3n }),
        endTime: fc.bigInt({ min: 3n, max: 6n }),
        afterOrdinal: fc.bigInt({ min: -1n, max: 30n }),
        filter: fc.constantFrom(...TEXTS).map(substringFilter),
      },
      { requiredKeys: [] },
    ),
  )
  .map(([some, others]) => ({ ...some, ...others }));

/** The rules of the contract, applied to all rows and gaps one after the other. */
function expected(query: Partial<LogQuery>, items: readonly Item[]): string[] {
  const { stream = 0, startTime = 0n, endTime = 6n, afterOrdinal = -1n, filter } = query;
  const single = items.flatMap<LogRow | Gap>((item) => (item.kind === 'gap' ? [item] : [...item]));
  const isWanted = (row: LogRow) =>
    row.timestamp >= startTime &&
    row.timestamp <= endTime &&
    (row.ordinal ?? -1n) > afterOrdinal &&
    (stream === 0 || (row.stream === 2 ? 2 : 1) === stream) &&
    (filter === undefined || filter.matches(row));
  const matching = single.filter((item) => 'content' in item && isWanted(item));
  const skipped = query.tail === undefined ? (query.offset ?? 0) : Math.max(0, matching.length - query.tail);
  const chosen = matching.slice(skipped, skipped + (query.tail ?? query.limit ?? Infinity));
  const begin =
    skipped === 0 ? 0 : skipped > matching.length ? Infinity : single.indexOf(matching[skipped - 1]);
  const isCut = query.limit !== undefined && chosen.length === query.limit;
  const end =
    query.tail === 0 || query.limit === 0 ? -1 : isCut ? single.indexOf(chosen[chosen.length - 1]) : Infinity;
  return single.flatMap((item, place) => {
    if ('content' in item) return chosen.includes(item) ? [String(item.ordinal)] : [];
    const ofStream = stream === 0 || item.stream === 0 || item.stream === stream;
    const isCovered = place >= begin && place <= end && item.afterOrdinal >= afterOrdinal;
    return ofStream && isCovered ? [`gap behind ${item.afterOrdinal} of ${item.stream}`] : [];
  });
}

describe('selectLogs', () => {
  it('gives the rows and gaps that the rules of the contract give', async () => {
    await fc.assert(
      fc.asyncProperty(scans, queries, async (items, query) => {
        expect(shown(await taken(query, items))).toEqual(expected(query, items));
      }),
      { numRuns: 1000 },
    );
  });

  it('pages of an answer, put together, have each row and each gap once', async () => {
    const pages = fc.integer({ min: 1, max: 7 });
    await fc.assert(
      fc.asyncProperty(scans, pages, async (items, limit) => {
        const total = items.reduce((sum, item) => sum + (item.kind === 'gap' ? 0 : item.length), 0);
        const byOffset: string[] = [];
        const byOrdinal: string[] = [];
        for (let offset = 0; offset <= total; offset += limit) {
          byOffset.push(...shown(await taken({ offset, limit }, items)));
          byOrdinal.push(...shown(await taken({ afterOrdinal: BigInt(offset - 1), limit }, items)));
        }
        expect(byOffset).toEqual(shown(items));
        expect(byOrdinal).toEqual(shown(items));
      }),
    );
  });

  it('puts gaps where they are', async () => {
    const items = [gapBehind(-1), batchOf(some(3), 0), gapBehind(2, 1), batchOf(some(2), 3), gapBehind(4, 2)];
    const behind = (ordinal: number, stream = 0) => `gap behind ${ordinal} of ${stream}`;
    expect(shown(await taken({}, items))).toEqual([
      behind(-1),
      '0',
      '1',
      '2',
      behind(2, 1),
      '3',
      '4',
      behind(4, 2),
    ]);
    expect(shown(await taken({ stream: 1, limit: 4 }, items))).toEqual([
      behind(-1),
      '0',
      '1',
      '2',
      behind(2, 1),
      '3',
    ]);
    expect(shown(await taken({ tail: 2 }, items))).toEqual([behind(2, 1), '3', '4', behind(4, 2)]);
    expect(shown(await taken({ tail: 1 }, items))).toEqual(['4', behind(4, 2)]);
    expect(shown(await taken({ limit: 3 }, items))).toEqual([behind(-1), '0', '1', '2']);
    expect(shown(await taken({ afterOrdinal: 2n, stream: 1 }, items))).toEqual([behind(2, 1), '3', '4']);
    expect(shown(await taken({ startTime: 99n }, items))).toEqual([behind(-1), behind(2, 1), behind(4, 2)]);
  });

  it('ends a batch at the limits, and passes one within them on as it is', async () => {
    const sizes = async (items: Item[]) =>
      (await taken({}, items)).map((item) => ('length' in item ? item.length : 0));
    expect(await sizes([batchOf(some(2 * BATCH_ROWS_MAX + 1), 0)])).toEqual([
      BATCH_ROWS_MAX,
      BATCH_ROWS_MAX,
      1,
    ]);
    const half = 'x'.repeat(BATCH_BYTES_MAX / 2);
    expect(await sizes([batchOf(some(3, half), 0)])).toEqual([1, 1, 1]);
    expect(await sizes([batchOf([...some(2), ...some(1, half + half + half), ...some(3)], 0)])).toEqual([
      2, 1, 3,
    ]);
    const [small, empty] = [batchOf(some(BATCH_ROWS_MAX), 0), batchOf([], 0)];
    expect((await taken({}, [empty, small, empty]))[0]).toBe(small);
    expect(await sizes([empty, small, empty])).toEqual([BATCH_ROWS_MAX]);
  });

  it('looks no further than it must, and ends the scan', async () => {
    const log: string[] = [];
    async function* scan(): AsyncGenerator<Item> {
      try {
        for (let ordinal = 0; ; ordinal++) {
          log.push(`row ${ordinal}`);
          yield batchOf(some(1), ordinal);
        }
      } finally {
        log.push('ended');
      }
    }
    for await (const item of selectLogs({ ...JOB, offset: 1, limit: 2 }, scan))
      expect(item.kind).toBe('logs');
    expect(log).toEqual(['row 0', 'row 1', 'row 2', 'ended']);
    log.length = 0;
    for await (const item of selectLogs(JOB, scan)) if (item.kind === 'logs') break;
    expect(log).toEqual(['row 0', 'ended']);
  });

  it('checks the query before it scans, and scans once, for a tail twice', async () => {
    let scanned = 0;
    const scan = () => {
      scanned++;
      return giving([batchOf(some(3), 0)]);
    };
    const read = async (query: Partial<LogQuery>) => {
      scanned = 0;
      for await (const item of selectLogs({ ...JOB, ...query }, scan)) expect(item.kind).toBe('logs');
      return scanned;
    };
    await expect(read({ limit: -1 })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(scanned).toBe(0);
    expect(await read({})).toBe(1);
    expect(await read({ limit: 0 })).toBe(1);
    expect(await read({ tail: 0 })).toBe(1);
    expect(await read({ tail: 2 })).toBe(2);
  });

  it('an abort is ABORTED, whatever the scan makes of it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    async function* failing(): AsyncGenerator<Item> {
      yield batchOf(some(1), 0);
      controller.abort('enough');
      throw new Error('socket hang up');
    }
    const steps = selectLogs(JOB, failing, { signal });
    await steps.next();
    await expect(steps.next()).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    await expect(selectLogs(JOB, failing, { signal }).next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('an abort is ABORTED also when the scan just ends', async () => {
    const controller = new AbortController();
    async function* ending(): AsyncGenerator<Item> {
      yield batchOf(some(1), 0);
      controller.abort();
    }
    const steps = selectLogs(JOB, ending, { signal: controller.signal });
    await steps.next();
    await expect(steps.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('asks the scan for nothing more once it is aborted', async () => {
    let asked = 0;
    async function* counting(): AsyncGenerator<Item> {
      for (;;) yield batchOf(some(1), asked++);
    }
    const controller = new AbortController();
    const { signal } = controller;
    const steps = selectLogs(JOB, counting, { signal });
    await steps.next();
    controller.abort();
    await expect(steps.next()).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(selectLogs(JOB, counting, { signal }).next()).rejects.toMatchObject({ code: 'ABORTED' });
    expect(asked).toBe(1);
  });

  it('an abort is seen between the parts of a large batch', async () => {
    const controller = new AbortController();
    const large = batchOf(some(2 * BATCH_ROWS_MAX), 0);
    const steps = selectLogs(JOB, () => [large], { signal: controller.signal });
    await steps.next();
    controller.abort();
    await expect(steps.next()).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it("the scan's own errors pass", async () => {
    async function* failing(): AsyncGenerator<Item> {
      yield batchOf(some(1), 0);
      throw StorageError.jobNotFound('a');
    }
    const steps = selectLogs(JOB, failing, { signal: new AbortController().signal });
    await steps.next();
    await expect(steps.next()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('refuses a batch without ordinals', async () => {
    const batch = LogBatch.from([{ ...JOB, stream: 1, timestamp: 0n, content: Buffer.from('x') }]);
    await expect(taken({}, [batch])).rejects.toThrow(TypeError);
  });
});

describe('selectMetrics', () => {
  it('selects by time, ordinal and counts, and gives all gaps', async () => {
    const builder = new MetricBatchBuilder();
    for (let index = 0; index < 9; index++) {
      builder.add({ ...JOB, timestamp: BigInt(index), ordinal: BigInt(index) }, new Uint8Array(0), 0, 0);
    }
    const batch = builder.build();
    async function* scan(): AsyncGenerator<MetricBatch | Gap> {
      yield batch;
      yield gapBehind(8);
    }
    const query = { ...JOB, startTime: 2n, endTime: 7n, afterOrdinal: 3n, limit: 9, offset: 1 };
    const found: string[] = [];
    for await (const item of selectMetrics(query, scan)) {
      if (item.kind === 'gap') found.push('gap');
      else for (const { ordinal } of item) found.push(String(ordinal));
    }
    expect(found).toEqual(['5', '6', '7', 'gap']);
  });
});
