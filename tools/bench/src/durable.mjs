// Lines a second from a socket to the disk. `durable`: until persist's metrics say that all are durable. `sealed`:
// until persist has ended after a SIGTERM sent then, so that every row is in a file of its job with its index (what it had no
// time for, the next start and stop do, and their time counts); files are counted with gunzip alone before the store is opened, then every row is compared in order through it.
// Limits in the same run: gzip level 3 alone on the same rows, a socket whose bytes nobody looks at, fdatasync alone.
// After `npm run build`: npm run bench:durable --workspace @joblet/bench [-- jobs…]
import { once } from 'node:events';
import { open, readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createGunzip, gzipSync } from 'node:zlib';
import { createReadStream } from 'node:fs';
import { openLocalStore } from '@joblet/storage-local';
import {
  bytesOnDisk,
  lines,
  medians,
  metric,
  print,
  quantile,
  rowAt,
  startClient,
  startPersist,
  untilDurable,
  withFolder,
} from './engine.mjs';

/** A million lines, but 200 of each of 2,000 jobs: what a job's files cost is to be seen. */
const linesOf = (jobs) => Number(process.env.BENCH_LINES ?? (jobs < 2_000 ? 1_000_000 : 200 * jobs));
const LATENCY_RATE = 200_000;
/** The first second is not what it is later: half of the code is not compiled yet. */
const LATENCY_SECONDS = 20;
const STOPS_MAX = 3;
const BLOCK_BYTES = 256 * 1024;
const shapes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 100, 2_000];

const limits = await medians(async () => ({
  gzip: gzipAlone(),
  socket: await socketAlone(),
  ...(await syncAlone()),
}));
for (const jobs of shapes) {
  const { durable, sealed, cpu, ratio } = await medians(() =>
    withFolder((folder) => throughput(folder, jobs)),
  );
  print(`lines durable, ${jobs} jobs (limit: gzip -3 alone)`, durable, 'lines/s', limits.gzip);
  print(
    `lines durable, sealed and indexed, ${jobs} jobs (limit: gzip -3 alone)`,
    sealed,
    'lines/s',
    limits.gzip,
  );
  print(
    `lines durable, sealed and indexed, ${jobs} jobs (limit: the socket alone)`,
    sealed,
    'lines/s',
    limits.socket,
  );
  print(`CPU for a million lines, ${jobs} jobs (limit: gzip -3 alone)`, cpu, 's', 1e6 / limits.gzip);
  print(`content : bytes on disk, ${jobs} jobs (limit: gzip -3 alone)`, ratio, ':1', ratioAlone(jobs));
}
const { p50, p99 } = await medians(() => withFolder(latency));
print(`batch to durable at ${LATENCY_RATE} lines/s, p50 (limit: fdatasync alone)`, p50, 'ms', limits.p50);
print(`batch to durable at ${LATENCY_RATE} lines/s, p99 (limit: fdatasync alone)`, p99, 'ms', limits.p99);

async function throughput(folder, jobs) {
  const count = linesOf(jobs);
  const persist = await startPersist(folder);
  const client = await startClient(persist.socketPath, { jobs, count });
  const start = performance.now();
  await client.send();
  await untilDurable(persist, count);
  const durableSeconds = (performance.now() - start) / 1_000;
  let cpu = await persist.stop();
  let sealedSeconds = (performance.now() - start) / 1_000;
  // What it had no time to seal when it was stopped is sealed by the next, and counts as well.
  for (let stop = 1; (await countRows(join(folder, 'logs'))) !== count; stop++) {
    if (stop > STOPS_MAX) throw new Error(`not all rows are in the files after ${stop} stops`);
    const again = performance.now();
    const next = await startPersist(folder);
    cpu += await next.stop();
    sealedSeconds += (performance.now() - again) / 1_000;
  }
  const { data } = bytesOnDisk(folder);
  await compareRows(folder, jobs);
  return {
    durable: count / durableSeconds,
    sealed: count / sealedSeconds,
    cpu: (cpu * 1e6) / count,
    ratio: contentBytes(count) / data,
  };
}

/** From the rows' batch at the store to durable, its wait for the write before included when persist measures that. */
async function latency(folder) {
  const persist = await startPersist(folder);
  const client = await startClient(persist.socketPath, {
    jobs: 8,
    count: LATENCY_RATE * LATENCY_SECONDS,
    rate: LATENCY_RATE,
  });
  const before = await persist.metrics();
  await client.send();
  const after = await untilDurable(persist, LATENCY_RATE * LATENCY_SECONDS);
  await persist.stop('SIGKILL');
  const name =
    metric(after, 'persist_arrival_to_durable_seconds_count') > 0
      ? 'persist_arrival_to_durable_seconds'
      : 'persist_write_latency_seconds';
  return {
    p50: quantile(before, after, name, 0.5) * 1_000,
    p99: quantile(before, after, name, 0.99) * 1_000,
  };
}

async function compareRows(folder, jobs) {
  const store = await openLocalStore({ baseDirectory: folder });
  for (let job = 0; job < jobs; job++) {
    let index = job;
    for await (const batch of store.readLogs({ jobId: `bench-job-${job}` })) {
      if (batch.kind === 'gap') throw new Error(`a gap: ${batch.reason}`);
      for (const { sequence, content, timestamp } of batch) {
        const expected = rowAt(index, jobs);
        const isSame =
          sequence === expected.sequence &&
          timestamp === expected.timestamp &&
          Buffer.compare(content, expected.content) === 0;
        if (!isSame)
          throw new Error(`bench-job-${job}: row ${sequence} is not what was sent as ${expected.sequence}`);
        index += jobs;
      }
    }
    if (index < linesOf(jobs)) throw new Error(`bench-job-${job}: rows end before ${index}`);
  }
  await store.close();
}

async function countRows(folder) {
  let rows = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    if (!name.endsWith('.gz')) continue;
    for await (const chunk of createReadStream(join(folder, name)).pipe(createGunzip()))
      for (let at = -1; (at = chunk.indexOf(0x0a, at + 1)) >= 0;) rows++;
  }
  return rows;
}

/** Content : bytes of gzip alone, of the rows of some of the jobs in blocks. */
function ratioAlone(jobs) {
  let content = 0;
  let compressed = 0;
  for (let job = 0; job < Math.min(jobs, 20); job++) {
    let text = '';
    for (let index = job; index < linesOf(jobs); index += jobs) {
      const { jobId, stream, timestamp, sequence, content: line } = rowAt(index, jobs);
      content += line.length;
      text += `{"job_id":"${jobId}","stream":${stream},"timestamp":${timestamp},"sequence":${sequence},"text":${JSON.stringify(line.toString())}}\n`;
      if (text.length < BLOCK_BYTES && index + jobs < linesOf(jobs)) continue;
      compressed += gzipSync(text, { level: 3 }).length;
      text = '';
    }
  }
  return content / compressed;
}

function contentBytes(count) {
  let bytes = 0;
  for (let index = 0; index < count; index++) bytes += lines[index % lines.length].length;
  return bytes;
}

/** Lines a second of one core that only compresses rows, in blocks. */
function gzipAlone() {
  const text = Buffer.from(
    lines
      .map(
        (content, index) =>
          `${JSON.stringify({ job_id: 'bench-job-0', stream: 1, timestamp: 1763600000000000000, sequence: index, text: content.toString() })}\n`,
      )
      .join(''),
  );
  const start = performance.now();
  for (let at = 0; at < text.length; at += BLOCK_BYTES)
    gzipSync(text.subarray(at, at + BLOCK_BYTES), { level: 3 });
  return lines.length / ((performance.now() - start) / 1_000);
}

/** Lines a second from the same client to a process that counts bytes. */
async function socketAlone() {
  return withFolder(async (folder) => {
    const socketPath = join(folder, 'sink.sock');
    const sink = createServer((socket) => socket.resume());
    sink.listen(socketPath);
    await once(sink, 'listening');
    const count = linesOf(1);
    const client = await startClient(socketPath, { jobs: 1, count });
    const seconds = await client.send();
    sink.close();
    return count / seconds;
  });
}

/** Milliseconds for 64 KiB and their sync: about what 5 ms of lines are at the rate of the latency figure. */
async function syncAlone() {
  return withFolder(async (folder) => {
    const file = await open(join(folder, 'file'), 'w');
    const bytes = Buffer.alloc(64 * 1024, 'x');
    const times = [];
    for (let count = 0; count < 300; count++) {
      const start = performance.now();
      await file.write(bytes);
      await file.datasync();
      times.push(performance.now() - start);
    }
    await file.close();
    times.sort((a, b) => a - b);
    return { p50: times[150], p99: times[297] };
  });
}
