// Bytes of content for each byte on the disk, indexes with it, the log apart: while a job runs, and when it has ended and
// its files have been rewritten. Limits in the same run: gzip alone over the same rows, at the level of each.
// After `npm run build`: npm run bench:compression --workspace @joblet/bench
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { hasFeature, LogBatch } from '@joblet/storage';
import { openLocalStore } from '@joblet/storage-local';
import { bytesOnDisk, lines, print, rowAt, withFolder } from './engine.mjs';

const COUNT = lines.length * 6;
const BATCH_ROWS = 2_000;
/** A rewrite is over when nothing has changed for so long. */
const QUIET_MS = 5_000;

await withFolder(async (folder) => {
  let store = await openLocalStore({ baseDirectory: folder });
  let content = 0;
  for (let first = 0; first < COUNT; first += BATCH_ROWS) {
    const rows = Array.from({ length: Math.min(BATCH_ROWS, COUNT - first) }, (_, row) =>
      rowAt(first + row, 1),
    );
    content += rows.reduce((sum, row) => sum + row.content.length, 0);
    await store.writeLogs(LogBatch.from(rows));
  }
  await store.close();
  print(
    'content : bytes on disk, running (limit: gzip -3 alone)',
    content / bytesOnDisk(folder).data,
    ':1',
    gzipAlone(3),
  );
  store = await openLocalStore({ baseDirectory: folder });
  if (hasFeature(store, 'endRecords')) {
    await store.endJob('bench-job-0', { time: rowAt(COUNT, 1).timestamp, exitCode: 0 });
    await untilQuiet(folder);
    print(
      'content : bytes on disk, ended (limit: gzip -6 alone)',
      content / bytesOnDisk(folder).data,
      ':1',
      gzipAlone(6),
    );
  }
  await store.close();
});

async function untilQuiet(folder) {
  for (let before = -1, quietMs = 0; quietMs < QUIET_MS; quietMs += 500) {
    const { data } = bytesOnDisk(folder);
    if (data !== before) quietMs = 0;
    before = data;
    await delay(500);
  }
}

function gzipAlone(level) {
  const rows = Array.from({ length: lines.length }, (_, index) => rowAt(index, 1));
  const text = rows.map(
    ({ jobId, timestamp, sequence, content }) =>
      `{"job_id":"${jobId}","stream":1,"timestamp":${timestamp},"sequence":${sequence},"text":${JSON.stringify(content.toString())}}\n`,
  );
  const packed = gzipSync(text.join(''), { level });
  return rows.reduce((sum, { content }) => sum + content.length, 0) / packed.length;
}
