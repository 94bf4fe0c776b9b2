// Speed of reading a job of the local store. One JSON line for each figure: `limit` is what gunzip alone takes for the
// same file in the same run (rows/s, or ms for all of it); `ratio` is value / limit. Medians of 5; of
// queries, of the p99 of 200. `cpuMs`: of the whole process for one read; other load on the machine changes it less than time.
// After `npm run build`: npm run bench:reading --workspace @joblet/bench
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { LogBatch, substringFilter } from '@joblet/storage';
import { openLocalStore } from '@joblet/storage-local';

const RUNS = 5;
const QUERIES = 200;
const MILLION = 1_000_000;
/** Rows of one write: about a block. */
const WRITE_ROWS = 760;
const START_TIME = 1_763_600_000_000_000_000n;
/** 1,100 rows a second. */
const STEP_NS = 909_090n;
const NEEDLE = 'q7Zx09-needl';
const gunzipAsync = promisify(gunzip);

const kept = process.env.BENCH_STORE;
const folder = kept ?? (await mkdtemp(join(process.env.BENCH_FOLDER ?? tmpdir(), 'reading-bench-')));
const store = await openLocalStore({ baseDirectory: folder });
try {
  const lines = await exampleLines();
  await writeJob('one-million', MILLION, lines);
  await writeJob('two-million', 2 * MILLION, lines);

  const cpu = [];
  const rowsPerSecond = await median(async () => {
    const before = process.cpuUsage();
    const ms = await time(() => readAll({ jobId: 'one-million' }, MILLION));
    cpu.push(cpuMsSince(before));
    return (MILLION / ms) * 1_000;
  });
  const gunzipped = (MILLION / (await gunzipMs('one-million'))) * 1_000;
  print('all rows of 1,000,000', 'rows/s', rowsPerSecond, gunzipped, { cpuMs: middle(cpu) });

  const limit = await gunzipMs('two-million');
  await printQueries('last 1,000 of 2,000,000', limit, 1_000, () => ({ tail: 1_000 }));
  await printQueries('10 s of 2,000,000', limit, 11_000, (run) => {
    const startTime = START_TIME + BigInt((run * 997) % 1_800) * 1_000_000_000n;
    return { startTime, endTime: startTime + 9_999_999_999n };
  });
  await printQueries('offset 1,000,000 limit 100', limit, 100, () => ({ offset: MILLION, limit: 100 }));
  await printQueries('needle of 12 bytes that occurs once', limit, 1, () => ({
    filter: substringFilter(NEEDLE),
  }));
} finally {
  await store.close();
  if (!kept) await rm(folder, { recursive: true });
}

async function exampleLines() {
  const lines = [];
  for (const name of ['apache-access', 'auth', 'kafka-broker', 'nginx-plus-json']) {
    const file = await readFile(new URL(`../../../examples/data/${name}.log.gz`, import.meta.url));
    for (const line of gunzipSync(file).toString('latin1').split('\n')) {
      if (line !== '') lines.push(Buffer.from(`${line}\n`, 'latin1'));
    }
  }
  return lines;
}

async function writeJob(jobId, rows, lines) {
  const known = await store.getJobInfo(jobId).catch(() => undefined);
  if (known?.stdout.rows === BigInt(rows)) return;
  for (let first = 0; first < rows; first += WRITE_ROWS) {
    const count = Math.min(WRITE_ROWS, rows - first);
    const batch = Array.from({ length: count }, (_, index) => {
      const row = first + index;
      const content = row === rows - 300_000 ? Buffer.from(`an id: ${NEEDLE}\n`) : lines[row % lines.length];
      return {
        jobId,
        stream: 1,
        timestamp: START_TIME + BigInt(row) * STEP_NS,
        sequence: BigInt(row),
        content,
      };
    });
    await store.writeLogs(LogBatch.from(batch));
  }
}

async function readAll(query, expected) {
  let rows = 0;
  for await (const item of store.readLogs(query)) {
    if (item.kind === 'gap') throw new Error(`a gap: ${item.reason}`);
    rows += item.length;
  }
  if (Math.abs(rows - expected) > expected / 100) throw new Error(`${rows} rows; expected ${expected}`);
}

async function printQueries(name, limit, rows, queryOf) {
  const p50s = [];
  const p99s = [];
  const cpu = [];
  const query = (run) => readAll({ jobId: 'two-million', ...queryOf(run) }, rows);
  // The first ones bring index and code into memory.
  for (let run = 0; run < 20; run++) await query(run);
  for (let round = 0; round < RUNS; round++) {
    const times = [];
    const before = process.cpuUsage();
    for (let run = 0; run < QUERIES; run++) times.push(await time(() => query(run)));
    cpu.push(cpuMsSince(before) / QUERIES);
    times.sort((a, b) => a - b);
    p50s.push(times[Math.floor(QUERIES / 2)]);
    p99s.push(times[Math.floor(QUERIES * 0.99)]);
  }
  print(`${name}, p99`, 'ms', middle(p99s), limit, { p50: middle(p50s), cpuMs: middle(cpu) });
}

/** The whole file, member by member, each in one go. */
async function gunzipMs(jobId) {
  const file = await readFile(join(folder, 'logs', jobId, 'stdout.log.gz'));
  const members = memberRanges(file);
  return median(() =>
    time(async () => {
      for (let first = 0; first < members.length; first += 4)
        await Promise.all(
          members.slice(first, first + 4).map((bytes) => gunzipAsync(bytes, { chunkSize: 300_000 })),
        );
    }),
  );
}

/** By the length that the header of each tells: 6 bytes of subfield header and version, then the deflate stream's. */
function memberRanges(file) {
  const members = [];
  for (let start = 0; start < file.length;) {
    const end = start + 12 + file.readUInt16LE(start + 10) + file.readUInt32LE(start + 17) + 8;
    members.push(file.subarray(start, end));
    start = end;
  }
  return members;
}

async function time(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function median(measure) {
  const values = [];
  for (let run = 0; run < RUNS; run++) values.push(await measure());
  return middle(values);
}

function middle(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

function cpuMsSince(before) {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

function print(name, unit, value, limit, more) {
  const figures = { value, limit, ratio: value / limit, ...more };
  for (const [key, figure] of Object.entries(figures)) figures[key] = Number(figure.toPrecision(4));
  console.log(JSON.stringify({ name, unit, ...figures }));
}
