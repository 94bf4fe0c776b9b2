import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, type NewLogRow } from '@joblet/storage';
import { openEngineStore } from './local-store.js';
import { collect, tempDirectory } from './testing/temp-store.js';

let directory: Awaited<ReturnType<typeof tempDirectory>>;

beforeEach(async () => {
  directory = await tempDirectory();
});

afterEach(() => directory.remove());

const ROWS = 3_000;

function rowsOf(jobId: string): NewLogRow[] {
  return Array.from({ length: ROWS }, (_, row) => ({
    jobId,
    stream: 1,
    timestamp: BigInt(row + 1),
    sequence: BigInt(row),
    content: Buffer.from(`${jobId} ${row} ${'x'.repeat(row % 90)}`),
  }));
}

const textsOf = (rows: readonly { content: Uint8Array }[]) =>
  rows.map(({ content }) => Buffer.from(content).toString());

describe('memory that is used again', () => {
  it('is not that of a batch: the store has copied what it keeps', async () => {
    const { store } = await openEngineStore({ baseDirectory: directory.path, blockBytes: 16 * 1024 });
    const rows = rowsOf('a');
    const batch = LogBatch.from(rows);
    await store.writeLogs(batch);
    batch.bytes.set(LogBatch.from(rowsOf('b')).bytes);
    expect(textsOf((await collect(store.readLogs({ jobId: 'a' }))).rows)).toEqual(textsOf(rows));
    await store.close();
  });

  it('is not that of rows that a reader has', async () => {
    const { store, engine } = await openEngineStore({ baseDirectory: directory.path, blockBytes: 16 * 1024 });
    const rows = rowsOf('a').slice(0, 100);
    await store.writeLogs(LogBatch.from(rows));
    // Of what is in memory only, a reader has views.
    const reading = store.readLogs({ jobId: 'a' })[Symbol.asyncIterator]();
    const first = await reading.next();
    await engine.sealAll();
    for (const jobId of ['b', 'c', 'd']) {
      await store.writeLogs(LogBatch.from(rowsOf(jobId)));
      await engine.sealAll();
    }
    const { value } = first as { value: LogBatch };
    expect(textsOf([...value])).toEqual(textsOf(rows));
    await reading.return?.();
    for (const jobId of ['b', 'c', 'd'])
      expect(textsOf((await collect(store.readLogs({ jobId }))).rows)).toEqual(textsOf(rowsOf(jobId)));
    await store.close();
  });
});
