// What the figures of the storage engine share: the input, persist as a process, a client that costs little, medians.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const FILES = ['apache-access', 'auth', 'kafka-broker', 'nginx-plus-json'];
const CLOCK_TICKS_PER_SECOND = 100;

/** How often each figure is measured; the median counts. */
export const RUNS = Number(process.env.BENCH_RUNS ?? 5);

/** The lines of examples/data, without their newlines. */
export const lines = FILES.flatMap((name) => {
  const text = gunzipSync(readFileSync(join(root, `examples/data/${name}.log.gz`)));
  const found = [];
  for (let start = 0, end; (end = text.indexOf(0x0a, start)) >= 0; start = end + 1)
    found.push(text.subarray(start, end));
  return found;
});

/** Row `index` of all: the jobs in turn. */
export function rowAt(index, jobs) {
  return {
    jobId: `bench-job-${index % jobs}`,
    stream: 1,
    timestamp: 1_763_600_000_000_000_000n + BigInt(index) * 1_000n,
    sequence: BigInt(Math.floor(index / jobs)),
    content: lines[index % lines.length],
  };
}

/** A new folder on the disk that is meant (BENCH_FOLDER), removed when `work` is done. */
export async function withFolder(work) {
  const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'joblet-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** persist on a folder; resolves when it is ready. `readyMs`: since it was started. */
export async function startPersist(folder, { writer = {} } = {}) {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const monitoring = { prometheus: `127.0.0.1:${port}`, health: '' };
  const config = { persist: { storage: { base_dir: folder }, writer, monitoring } };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const start = performance.now();
  const { BENCH_PROFILE } = process.env;
  const child = spawn(process.execPath, [
    ...(BENCH_PROFILE ? ['--cpu-prof', `--cpu-prof-dir=${BENCH_PROFILE}`] : []),
    join(root, 'apps/persist/bin/persist.js'),
    '--config',
    join(folder, 'config.yml'),
  ]);
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output = (output + chunk).slice(-20_000);
      if (output.includes('persist is ready')) resolve();
    });
    child.once('exit', () => reject(new Error(`persist did not start: ${output}`)));
  });
  const readyMs = performance.now() - start;
  const cpuAtReady = cpuSeconds(child.pid);
  let cpu = cpuAtReady;
  // The last look before it ends is what it took: 10 ms of error at the most.
  const watch = setInterval(() => (cpu = cpuSeconds(child.pid) ?? cpu), 10);
  const exited = once(child, 'exit').then(() => clearInterval(watch));
  return {
    pid: child.pid,
    readyMs,
    socketPath: join(folder, 'run/persist-ipc.sock'),
    grpcSocketPath: join(folder, 'run/persist-grpc.sock'),
    metrics: async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    /** Ends it and resolves to the seconds of processor time since it was ready, both kinds. */
    async stop(signal = 'SIGTERM') {
      child.kill(signal);
      await exited;
      return cpu - cpuAtReady;
    },
  };
}

/** Frames made beforehand, written as fast as they are taken, or at a rate (lines a second), by a process of its own. */
export async function startClient(socketPath, { jobs, count, rate = 0 }) {
  const script = fileURLToPath(new URL('./raw-client.mjs', import.meta.url));
  const args = [script, socketPath, String(jobs), String(count), String(rate)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return {
    /** Resolves when the kernel has taken all; to the seconds that this took. */
    async send() {
      const start = performance.now();
      child.stdin.end('go');
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`the client ended with ${code}`);
      return (performance.now() - start) / 1_000;
    },
  };
}

/** The sum of a metric's samples, whatever their labels. */
export function metric(text, name) {
  const samples = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))];
  return samples.reduce((sum, [, value]) => sum + Number(value), 0);
}

export async function untilDurable(persist, count) {
  for (;;) {
    const text = await persist.metrics();
    if (metric(text, 'persist_ipc_messages_durable_total') >= count) return text;
    await delay(50);
  }
}

/** The quantile of a histogram between two readings of /metrics, in seconds; linear inside a bucket. */
export function quantile(before, after, name, share) {
  const buckets = (text) =>
    [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\S+)$`, 'gm'))].map(
      ([, le, count]) => ({
        le: le === '+Inf' ? Infinity : Number(le),
        count: Number(count),
      }),
    );
  const old = buckets(before);
  const counts = buckets(after).map(({ le, count }, index) => ({
    le,
    count: count - (old[index]?.count ?? 0),
  }));
  const wanted = share * counts.at(-1).count;
  const index = counts.findIndex(({ count }) => count >= wanted);
  const lower = index === 0 ? { le: 0, count: 0 } : counts[index - 1];
  const { le, count } = counts[index];
  return le === Infinity
    ? Infinity
    : lower.le + ((le - lower.le) * (wanted - lower.count)) / (count - lower.count || 1);
}

/** Bytes of the files below a folder, by `of`: 'data' what is the jobs' or their indexes', 'own' what is below .joblet. */
export function bytesOnDisk(folder) {
  const bytes = { data: 0, own: 0 };
  for (const name of readdirSync(folder, { recursive: true })) {
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    if (!stats?.isFile()) continue;
    if (/^(logs|metrics)\//.test(name)) bytes.data += stats.size;
    else if (name.startsWith('.joblet/')) bytes.own += stats.size;
  }
  return bytes;
}

export function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

/** Runs `work` so often as RUNS says; resolves to the median of each of its numbers. */
export async function medians(work) {
  const results = [];
  for (let run = 0; run < RUNS; run++) results.push(await work(run));
  const names = Object.keys(results[0]);
  return Object.fromEntries(names.map((name) => [name, median(results.map((result) => result[name]))]));
}

/** `limit`: what was measured beside it in the same run, or the goal where nothing can be. */
export function print(figure, value, unit, limit) {
  const rounded = (number) => (number === undefined ? undefined : Number(number.toPrecision(3)));
  const ratio = limit === undefined ? undefined : rounded(value / limit);
  process.stdout.write(
    `${JSON.stringify({ figure, value: rounded(value), unit, limit: rounded(limit), ratio })}\n`,
  );
}

/** Of user and system; undefined when the process is gone. */
export function cpuSeconds(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
  } catch {
    return undefined;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
