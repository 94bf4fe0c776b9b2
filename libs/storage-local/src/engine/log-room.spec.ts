import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { CHECKPOINT_BYTES, LOG_SEGMENTS_WAIT, SEGMENT_BYTES, SHORT_SEGMENT_BYTES } from '../limits.js';
import { openEngineStore, openLocalStore } from '../local-store.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

let directory: Awaited<ReturnType<typeof tempDirectory>>;

beforeEach(async () => {
  directory = await tempDirectory();
});

afterEach(() => directory.remove());

function row(number: number, content: Uint8Array) {
  return { jobId: 'j', stream: 1, timestamp: BigInt(number + 1), content };
}

it('goes on behind a record that is longer than the log may be', async () => {
  const segmentBytes = 16 * 1024;
  await using store = await openLocalStore({ baseDirectory: directory.path, reserveBytes: 0, segmentBytes });
  const contents = [LOG_SEGMENTS_WAIT * segmentBytes + 1, 1, 2, 3].map((bytes) => Buffer.alloc(bytes, 'x'));
  for (const [number, content] of contents.entries())
    await store.writeLogs(LogBatch.from([row(number, content)]));
  const { rows, gaps } = await collect(store.readLogs({ jobId: 'j' }));
  expect(rows.map(({ content }) => content.length)).toEqual(contents.map(({ length }) => length));
  expect(gaps).toEqual([]);
});

it('keeps the log of a flood into few jobs short, in short segments, before it presses', async () => {
  const { store, engine } = await openEngineStore({ baseDirectory: directory.path, reserveBytes: 0 });
  const content = Buffer.alloc(64 * 1024, 'x');
  let longest = 0;
  for (let batch = 0; batch < 48; batch++) {
    await store.writeLogs(
      LogBatch.from(Array.from({ length: 16 }, (_, at) => row(16 * batch + at, content))),
    );
    await engine.settled();
    longest = Math.max(longest, store.figures().logBytes);
  }
  // Two checkpoints: what the index before the newest needs is kept; and a segment that is not over.
  expect(longest).toBeLessThan(2 * CHECKPOINT_BYTES + 2 * SHORT_SEGMENT_BYTES);
  expect(longest).toBeLessThan(SEGMENT_BYTES);
  await store.close();
});
