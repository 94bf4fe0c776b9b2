import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { LOG_SEGMENTS_WAIT } from '../limits.js';
import { openLocalStore } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

let directory: Awaited<ReturnType<typeof tempDirectory>>;

beforeEach(async () => {
  directory = await tempDirectory();
});

afterEach(() => directory.remove());

it('goes on behind a record that is longer than the log may be', async () => {
  const segmentBytes = 16 * 1024;
  await using store = await openLocalStore({ baseDirectory: directory.path, reserveBytes: 0, segmentBytes });
  const contents = [LOG_SEGMENTS_WAIT * segmentBytes + 1, 1, 2, 3].map((bytes) => Buffer.alloc(bytes, 'x'));
  for (const [row, content] of contents.entries())
    await store.writeLogs(LogBatch.from([{ jobId: 'j', stream: 1, timestamp: BigInt(row + 1), content }]));
  const { rows, gaps } = await collect(store.readLogs({ jobId: 'j' }));
  expect(rows.map(({ content }) => content.length)).toEqual(contents.map(({ length }) => length));
  expect(gaps).toEqual([]);
});
