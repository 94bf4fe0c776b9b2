import { cp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch } from '@joblet/storage';
import fc from 'fast-check';
import { RUNS_DIRECTORY, STORE_ID_FILE } from '../format/file-names.js';
import { COPY_BYTES } from '../limits.js';
import { openEngineStore, type LocalStoreEvent } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';
import { verifyLocalStore } from '../verify/verify-store.js';
import { pieceHeaderBytes } from './piece-header.js';
import type { NewPiece } from './run-file.js';
import { RunStore } from './runs.js';

const OURS = '5e'.repeat(16);
const THEIRS = '7a'.repeat(16);
const PAGE_BYTES = 512;

let root: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path: root, remove } = await tempDirectory());
});

afterEach(() => remove());

/** `length`: of each row's content. */
function logsOf(jobId: string, rows: number, first = 0, length = 40): NewPiece {
  const batch = LogBatch.from(
    Array.from({ length: rows }, (_, row) => ({
      jobId,
      stream: row % 3 === 2 ? (2 as const) : (1 as const),
      timestamp: BigInt(first + row),
      content: Buffer.from(`${first + row} JOBLETP3 `.padEnd(length, 'x')),
    })),
  );
  return pieceOf(jobId, 'logs', batch, first);
}

function metricsOf(jobId: string, rows: number, first = 0): NewPiece {
  const samples = Array.from({ length: rows }, (_, row) => ({ jobId, timestamp: BigInt(first + row) }));
  return pieceOf(jobId, 'metrics', MetricBatch.from(samples), first);
}

function pieceOf(
  jobId: string,
  area: NewPiece['area'],
  { table, bytes }: LogBatch | MetricBatch,
  first: number,
): NewPiece {
  const ordinals = BigUint64Array.from({ length: table.starts.length }, (_, row) => BigInt(first + row));
  return { jobId, area, rows: { ...table, bytes, ordinals } };
}

const PIECES = [
  logsOf('a', 3),
  metricsOf('a', 4),
  logsOf('job-b.1', 30),
  logsOf('Z'.repeat(128), 1, 7),
  metricsOf('c', 60, 5),
  logsOf('a', 20, 3),
  logsOf('d', 1),
];

async function openRuns(idOf = OURS): Promise<{ runs: RunStore; events: unknown[] }> {
  await writeFile(join(root, 'id'), `${idOf}\n`);
  const events: unknown[] = [];
  const runs = new RunStore(root);
  await runs.open(join(root, 'id'), new Set(), (event) => events.push(event));
  return { runs, events };
}

/** Also where the pieces are, each with its header. */
async function written(pieces: readonly NewPiece[], { position = 7n, idOf = OURS } = {}) {
  const { runs } = await openRuns(idOf);
  const run = await runs.write(pieces, position);
  const places = [...run.directory.pieces()].map(({ offset, rows, bytes, jobId }) => ({
    start: offset - pieceHeaderBytes(jobId.length),
    end: offset + rows * 24 + bytes,
  }));
  return { path: run.path, bytes: await readFile(run.path), places };
}

/** What a start finds when the files are these. */
async function found(files: readonly { path: string; bytes: Uint8Array }[]) {
  for (const { path, bytes } of files) await writeFile(path, bytes);
  const { runs, events } = await openRuns();
  const pieces: NewPiece[] = [];
  for (const run of runs.runs) {
    for (const { index, jobId, area } of run.directory.pieces())
      pieces.push({ jobId, area, rows: await run.load(index) });
    expect(await run.damagedPieces()).toEqual([]);
    await run.closeHandle();
  }
  return { pieces, events, isIncomplete: runs.isIncomplete };
}

const plain = (pieces: readonly NewPiece[]) =>
  pieces.map(({ jobId, area, rows }) => ({
    ...{ jobId, area, ordinals: [...rows.ordinals], times: [...rows.timestamps] },
    ...{ starts: [...rows.starts], ends: [...rows.ends], bytes: Buffer.from(rows.bytes).toString('latin1') },
  }));

describe('a run whose directory is lost', () => {
  const page = fc.nat({ max: 30 });
  const damage = fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
    fc.record({ kind: fc.constant('zeros' as const), page }),
    fc.record({
      kind: fc.constant('garbage' as const),
      page,
      bytes: fc.uint8Array({ minLength: 1, maxLength: PAGE_BYTES }),
    }),
    fc.record({ kind: fc.constant('copied' as const), page, from: page }),
  );

  function damaged(
    whole: Buffer,
    damages: readonly (typeof damage extends fc.Arbitrary<infer T> ? T : never)[],
  ) {
    let bytes = Buffer.from(whole);
    for (const one of damages) {
      if (one.kind === 'cut') bytes = bytes.subarray(0, Math.round(one.share * bytes.length));
      else if (one.kind === 'zeros') bytes.fill(0, ...pageOf(bytes, one.page));
      else if (one.kind === 'garbage')
        bytes.set(one.bytes.subarray(0, bytes.length), pageOf(bytes, one.page)[0]);
      else bytes.copy(bytes, pageOf(bytes, one.page)[0], ...pageOf(bytes, one.from));
    }
    return bytes;
  }

  function pageOf({ length }: Buffer, number: number): [number, number] {
    const start = Math.min(number * PAGE_BYTES, Math.max(0, length - PAGE_BYTES));
    return [start, Math.min(start + PAGE_BYTES, length)];
  }

  it('keeps exactly the pieces that are untouched, in order, once', async () => {
    const { path, bytes, places } = await written(PIECES);
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { maxLength: 4 }), async (damages) => {
        const left = damaged(bytes, damages);
        // The directory is lost for sure.
        if (left.length > places[places.length - 1].end) left[left.length - 1 - 12] ^= 1;
        const expected = PIECES.filter((_, index) => {
          const { start, end } = places[index];
          return end <= left.length && left.compare(bytes, start, end, start, end) === 0;
        });
        const { pieces, events, isIncomplete } = await found([{ path, bytes: left }]);
        expect(plain(pieces)).toEqual(plain(expected));
        expect(isIncomplete).toBe(true);
        const told = expected.length > 0 ? `${expected.length} of its pieces are whole` : '';
        expect(events).toEqual([
          { type: 'run-damaged', path, reason: expect.stringContaining(told) as unknown },
        ]);
      }),
      { numRuns: 300, seed: 7 },
    );
  });

  it('keeps what lies before the cut, wherever that is', async () => {
    const { path, bytes, places } = await written(PIECES.slice(0, 3));
    for (let length = 0; length < bytes.length; length += 7) {
      const { pieces } = await found([{ path, bytes: bytes.subarray(0, length) }]);
      const whole = places.filter(({ end }) => end <= length).length;
      expect(plain(pieces)).toEqual(plain(PIECES.slice(0, whole)));
    }
  });

  it('keeps pieces around what is longer than one read', async () => {
    const large = [
      logsOf('before', 3),
      logsOf('large', 2, 0, COPY_BYTES),
      logsOf('lost', 2, 0, COPY_BYTES),
      logsOf('behind', 3),
    ];
    const { path, bytes, places } = await written(large);
    bytes.fill(0, places[2].start + 300, places[2].end);
    const { pieces } = await found([{ path, bytes: bytes.subarray(0, -1) }]);
    expect(plain(pieces)).toEqual(plain([large[0], large[1], large[3]]));
  });

  it('has nothing of another store, nor of a run that was there before', async () => {
    const theirs = await written(PIECES, { idOf: THEIRS, position: 9n });
    const before = await written(PIECES, { position: 6n });
    for (const { path } of [theirs, before]) await rm(path);
    const ours = await written([logsOf('a', 3), logsOf('other', 5), ...PIECES]);
    const [first] = ours.places;
    for (const { bytes } of [theirs, before]) {
      const left = Buffer.from(ours.bytes.subarray(0, -1));
      bytes.copy(left, 0, 0, first.end);
      const { pieces } = await found([{ path: ours.path, bytes: left }]);
      expect(plain(pieces)).toEqual(plain([logsOf('other', 5), ...PIECES]));
    }
  });

  it('of another store is not used', async () => {
    const { path, bytes } = await written(PIECES, { idOf: THEIRS });
    const { pieces, events } = await found([{ path, bytes: bytes.subarray(0, -1) }]);
    expect(pieces).toEqual([]);
    expect(events).toMatchObject([{ type: 'run-damaged', path }]);
  });

  it('does not take content for pieces', async () => {
    const inner = await written(PIECES);
    await rm(inner.path);
    const row = { jobId: 'cat', stream: 1 as const, timestamp: 1n, content: inner.bytes };
    const outer = await written([pieceOf('cat', 'logs', LogBatch.from([row]), 0), logsOf('b', 2)]);
    const whole = await found([{ path: outer.path, bytes: outer.bytes.subarray(0, -1) }]);
    expect(whole.pieces.map(({ jobId }) => jobId)).toEqual(['cat', 'b']);
    outer.bytes[outer.places[0].end - 1] ^= 1;
    const broken = await found([{ path: outer.path, bytes: outer.bytes.subarray(0, -1) }]);
    expect(plain(broken.pieces)).toEqual(plain([logsOf('b', 2)]));
  });
});

describe('a store of which a run is cut', () => {
  const JOBS = ['a', 'b', 'c', 'd'];
  const ROWS = 50;
  let events: LocalStoreEvent[];

  async function open(name: string) {
    const onEvent = (event: LocalStoreEvent) => events.push(event);
    return openEngineStore({
      ...{ baseDirectory: join(root, name), reserveBytes: 0, segmentBytes: 16 * 1024, onEvent },
    });
  }

  type Opened = Awaited<ReturnType<typeof open>>;

  async function write({ store }: Opened, jobId: string, first = 0): Promise<void> {
    const rows = Array.from({ length: ROWS }, (_, row) => {
      const content = Buffer.from(`${jobId} ${first + row}`);
      return { jobId, stream: 1 as const, timestamp: BigInt(first + row + 1), content };
    });
    await store.writeLogs(LogBatch.from(rows));
  }

  /** A store whose only run has a piece for each job, as a crash leaves it. Resolves to the run's path. */
  async function storeWithRun(trims: boolean): Promise<string> {
    const opened = await open('running');
    for (const jobId of JOBS) await write(opened, jobId);
    await opened.engine.spillAll();
    // Until the log has nothing of the run.
    for (let count = 0; trims && count < 3; count++) {
      for (let more = 0; more < 20; more++) await write(opened, 'filler', more * ROWS);
      await opened.store.endJob('filler', { time: 1n });
      await opened.engine.settled();
      await opened.engine.checkpoint();
    }
    const filter = (path: string) => !path.endsWith('.sock');
    await cp(join(root, 'running'), join(root, 'store'), { recursive: true, filter });
    await opened.store.close();
    return join(root, 'store', RUNS_DIRECTORY, '1.run');
  }

  async function rowsOf({ store }: Opened, jobId: string) {
    const { rows, gaps } = await collect(store.readLogs({ jobId }));
    return { contents: rows.map(({ content }) => Buffer.from(content).toString()), gaps: gaps.length };
  }

  const all = (jobId: string) => Array.from({ length: ROWS }, (_, row) => `${jobId} ${row}`);

  async function pendingRows(): Promise<{ rows: number; problems: number }> {
    const seen = { rows: 0, problems: 0 };
    for await (const report of verifyLocalStore({ baseDirectory: join(root, 'store') }))
      if (report.kind === 'run') {
        seen.rows += report.rows;
        seen.problems += report.problems.length;
      }
    return seen;
  }

  beforeEach(() => {
    events = [];
  });

  it.each([
    ['its id known', false],
    ['its id lost', true],
  ])(
    'and the log has its rows no more (%s): has the pieces before the cut, and tells of it',
    async (_, losesId) => {
      const path = await storeWithRun(true);
      const bytes = await readFile(path);
      await truncate(path, bytes.indexOf('c 30'));
      if (losesId) await rm(join(root, 'store', STORE_ID_FILE));
      expect(await pendingRows()).toEqual({ rows: 2 * ROWS, problems: 1 });
      for (let start = 0; start < 3; start++) {
        events = [];
        const opened = await open('store');
        const told = events.filter(({ type }) => type === 'run-damaged');
        if (start === 0)
          expect(told).toMatchObject([
            { path, reason: expect.stringContaining('2 of its pieces are whole') as unknown },
          ]);
        for (const jobId of ['a', 'b'])
          expect(await rowsOf(opened, jobId)).toEqual({ contents: all(jobId), gaps: 0 });
        for (const jobId of ['c', 'd'])
          expect((await rowsOf(opened, jobId).catch(() => ({ contents: [] }))).contents).toEqual([]);
        await opened.store.close();
      }
    },
  );

  it('and the log has its rows: has all of them, once', async () => {
    const path = await storeWithRun(false);
    const bytes = await readFile(path);
    await truncate(path, bytes.indexOf('c 30'));
    for (let start = 0; start < 2; start++) {
      const opened = await open('store');
      for (const jobId of JOBS)
        expect(await rowsOf(opened, jobId)).toEqual({ contents: all(jobId), gaps: 0 });
      await opened.store.close();
    }
    expect(events).toContainEqual(expect.objectContaining({ type: 'run-damaged', path }));
  });
});
