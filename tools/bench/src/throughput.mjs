// Lines a second from a foreign client's socket to durable, in order, and back through gRPC. Limits in the same run: gzip
// level 3 alone over the same rows on one core, and gunzip alone.
import { gunzipSync, gzipSync } from 'node:zlib';
import { input, print, withPersist } from './persist-process.mjs';

const LINES = 400_000;

const rows = input
  .toString('latin1')
  .trimEnd()
  .split('\n')
  .map((text) => JSON.stringify({ job_id: 'job', stream: 1, timestamp: 1763600000000000000, text }));
const text = Buffer.from(`${rows.join('\n')}\n`, 'latin1');
const seconds = (work) => {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1_000;
};
const packed = gzipSync(text, { level: 3 });
const gzipLimit = rows.length / seconds(() => gzipSync(text, { level: 3 }));
const gunzipLimit = rows.length / seconds(() => gunzipSync(packed));

for (const jobs of [1, 8, 100]) {
  await withPersist(async (client, log) => {
    const sizes = [...log, '-jobs', String(jobs), '-lines', String(LINES)];
    const start = performance.now();
    await client('produce', ...sizes, '-rate', '0');
    // A query waits until all that has arrived is durable; this one reads next to nothing.
    await client('rows', '-job', 'go-job-0', '-limit', '1');
    print(`durable, ${jobs} jobs`, LINES / ((performance.now() - start) / 1_000), 'lines/s', gzipLimit);
    const readStart = performance.now();
    const { verified } = await client('verify', ...sizes);
    print(
      `read back and compared, ${jobs} jobs`,
      verified / ((performance.now() - readStart) / 1_000),
      'rows/s',
      gunzipLimit,
    );
  });
}
