// How long persist takes until it is ready with 10,000 jobs, and with 100 GB of files. The large files are sparse: behind
// a job's members there is a hole, which a start must not read.
// After `npm run build`: npm run bench:start --workspace @joblet/bench
import { readdirSync } from 'node:fs';
import { stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { LogBatch } from '@joblet/storage';
import { openLocalStore } from '@joblet/storage-local';
import { medians, print, rowAt, startPersist, withFolder } from './engine.mjs';

const JOBS = 10_000;
const ROWS_PER_JOB = 10;
const BYTES = 100e9;

const empty = await medians(() => withFolder(timeToReady));
await withFolder(async (folder) => {
  const store = await openLocalStore({ baseDirectory: folder });
  for (let index = 0; index < JOBS * ROWS_PER_JOB; index += 5_000)
    await store.writeLogs(LogBatch.from(Array.from({ length: 5_000 }, (_, row) => rowAt(index + row, JOBS))));
  await store.close();
  const many = await medians(() => timeToReady(folder));
  print(`ready with ${JOBS} jobs (limit: the goal)`, many.seconds, 's', 2);
  const files = readdirSync(join(folder, 'logs'), { recursive: true }).filter((name) =>
    name.endsWith('.log.gz'),
  );
  for (const name of files) {
    const path = join(folder, 'logs', name);
    await truncate(path, (await stat(path)).size + Math.ceil(BYTES / files.length));
  }
  const large = await medians(() => timeToReady(folder));
  print(`ready with ${JOBS} jobs and ${BYTES / 1e9} GB (limit: the goal)`, large.seconds, 's', 2);
  print('ready with nothing', empty.seconds, 's');
});

async function timeToReady(folder) {
  const persist = await startPersist(folder);
  await persist.stop();
  return { seconds: persist.readyMs / 1_000 };
}
