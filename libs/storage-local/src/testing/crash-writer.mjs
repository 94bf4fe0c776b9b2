// A process that writes batch after batch until it is killed: `node crash-writer.mjs DIRECTORY FIRST COUNT`. Each
// batch has one row for each stream of each of JOBS jobs; its number is printed when the store says it is durable,
// and "failed N code" when a write was rejected: it is then written again.
import { writeSync } from 'node:fs';
import { LogBatch } from '@joblet/storage';
import { openLocalStore } from '../../dist/index.js';

export const JOBS = 3;

const [directory, first, count] = process.argv.slice(2);
const say = (line) => writeSync(1, `${line}\n`);
const store = await openLocalStore({
  baseDirectory: directory,
  // Small, so that rows go through blocks, runs and a log that is trimmed, within a few batches.
  blockBytes: 8_000,
  memoryBytes: 64_000,
  segmentBytes: 32_000,
  onEvent: (event) => say(`event ${event.type}`),
});
for (let batch = Number(first); batch < Number(first) + Number(count);) {
  const rows = [];
  for (let job = 0; job < JOBS; job++) {
    for (const stream of [1, 2]) {
      const content = Buffer.from(`${batch} ${job} ${stream} ${'x'.repeat(batch % 500)}\n`);
      rows.push({
        jobId: `job-${job}`,
        stream,
        timestamp: BigInt(batch + 1),
        sequence: BigInt(batch),
        content,
      });
    }
  }
  try {
    await store.writeLogs(LogBatch.from(rows));
    say(batch++);
  } catch (error) {
    say(`failed ${batch} ${error.code} ${error.message}`);
  }
}
await store.close();
