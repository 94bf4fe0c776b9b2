// Speed of @joblet/wal. One JSON line for each figure: `limit` is what write and fdatasync alone do with the same bytes
// in the same run; `ratio` is value / limit. Medians of 5.
// After `npm run build`: npm run bench:wal --workspace @joblet/bench
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { crc32c, openWal } from '@joblet/wal';

const RUNS = 5;
const APPENDS = 300;
const folder = await mkdtemp(join(process.env.BENCH_FOLDER ?? tmpdir(), 'wal-bench-'));

for (const bytes of [4_096, 65_536, 262_144, 1_048_000]) await measureLatency(bytes);
await measureRecords(300, 100_000);
measureChecksum();
await rm(folder, { recursive: true });

/** One append after the other. */
async function measureLatency(bytes) {
  const record = Buffer.alloc(bytes, 'x');
  const ours = await median(async (run) => {
    const log = await openWal({ directory: join(folder, `latency-${bytes}-${run}`) });
    const times = await timeEach(() => log.append(record));
    await log.close();
    return times;
  });
  const limit = await median(async (run) => {
    const file = await open(join(folder, `limit-${bytes}-${run}`), 'w');
    let position = 0;
    const times = await timeEach(async () => {
      await file.write(record, 0, bytes, position);
      position += bytes;
      await file.datasync();
    });
    await file.close();
    return times;
  });
  print(`append of ${bytes} bytes, p50`, 'ms', ours[0], limit[0]);
  print(`append of ${bytes} bytes, p99`, 'ms', ours[1], limit[1]);
}

/** Small records, appended as fast as they are acknowledged, 2,000 under way. */
async function measureRecords(bytes, count) {
  const record = Buffer.alloc(bytes, 'x');
  const [ours] = await median(async (run) => {
    const log = await openWal({ directory: join(folder, `records-${run}`) });
    const start = performance.now();
    for (let sent = 0; sent < count; sent += 2_000)
      await Promise.all(Array.from({ length: 2_000 }, () => log.append(record)));
    const seconds = (performance.now() - start) / 1_000;
    await log.close();
    return [count / seconds, 0];
  });
  const [limit] = await median(async (run) => {
    const file = await open(join(folder, `records-limit-${run}`), 'w');
    const batch = Buffer.alloc(2_000 * bytes, 'x');
    const start = performance.now();
    for (let sent = 0; sent < count; sent += 2_000) {
      await file.write(batch);
      await file.datasync();
    }
    const seconds = (performance.now() - start) / 1_000;
    await file.close();
    return [count / seconds, 0];
  });
  print(`records of ${bytes} bytes, 2,000 at a time`, 'records/s', ours, limit);
}

function measureChecksum() {
  const bytes = Buffer.alloc(1 << 20, 'checksum');
  for (let warmUp = 0; warmUp < 50; warmUp++) crc32c(bytes);
  const start = performance.now();
  for (let run = 0; run < 500; run++) crc32c(bytes);
  const gigabytes = (500 * bytes.length) / 1e6 / (performance.now() - start);
  process.stdout.write(
    `${JSON.stringify({ figure: 'crc32c', unit: 'GB/s', value: Number(gigabytes.toFixed(2)) })}\n`,
  );
}

async function timeEach(work) {
  const times = [];
  for (let count = 0; count < APPENDS; count++) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return [times[APPENDS / 2], times[Math.floor(APPENDS * 0.99)]];
}

async function median(run) {
  const results = [];
  for (let count = 0; count < RUNS; count++) results.push(await run(count));
  return [0, 1].map(
    (index) => results.map((result) => result[index]).sort((a, b) => a - b)[Math.floor(RUNS / 2)],
  );
}

function print(figure, unit, value, limit) {
  const rounded = (number) => Number(number.toPrecision(3));
  const line = { figure, unit, value: rounded(value), limit: rounded(limit), ratio: rounded(value / limit) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
