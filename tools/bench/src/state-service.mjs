// Speed of the state service over its socket: jobs of the size in the transcript, 20 connections with one request at a
// time on each, as the daemon's pool. One JSON line for each figure: `limit` is what a server that only sends back each
// request does in the same run, or what is asked for; `ratio` is value / limit. Medians of short rounds that alternate.
// After `npm run build`: npm run bench:state-service --workspace @joblet/bench
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const ROUNDS = Number(process.env.BENCH_RUNS ?? 5);
const CONNECTIONS = 20;
const COUNT = Number(process.env.BENCH_OPERATIONS ?? 20_000);
const LISTED = Number(process.env.BENCH_JOBS ?? 100_000);
const ROOT = new URL('../../..', import.meta.url);

const [line] = readFileSync(new URL('testdata/go/state/transcript.jsonl', ROOT), 'utf8').split('\n');
const SAMPLE = JSON.parse(JSON.parse(line).request).job;
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'state-bench-'));

try {
  const echo = await start([
    fileURLToPath(new URL('echo-server.mjs', import.meta.url)),
    join(folder, 'echo'),
  ]);
  const services = { memory: await startState('memory'), local: await startState('local') };
  await operations(join(folder, 'echo'), services);
  await stop(echo);
  for (const service of Object.values(services)) await stop(service.child);
  for (const backend of ['memory', 'local']) await lists(backend);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function operations(echo, services) {
  const results = {};
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [name, socket] of [
      ['echo', echo],
      ...Object.entries(services).map(([n, s]) => [n, s.socket]),
    ]) {
      for (const operation of ['create', 'update', 'get']) {
        const requests = Array.from({ length: COUNT }, (_, index) => request(operation, `${round}-${index}`));
        const result = await measure(socket, requests);
        // The first round warms up.
        if (round > 0) ((results[name] ??= {})[operation] ??= []).push(result);
      }
    }
  }
  const of = (name, operation, figure) => median(results[name][operation].map((result) => result[figure]));
  for (const name of Object.keys(services)) {
    for (const operation of ['create', 'update', 'get']) {
      print(
        `${name}: ${operation}`,
        'requests/s',
        of(name, operation, 'rate'),
        of('echo', operation, 'rate'),
      );
      print(`${name}: ${operation}, p99`, 'ms', of(name, operation, 'p99'), 10);
    }
  }
}

async function lists(backend) {
  const service = await startState(backend, `${backend}-lists`);
  const jobs = Array.from({ length: LISTED }, (_, index) =>
    request('create', `${index}`, {
      StartTime: new Date(Date.UTC(2025, 10, 20) + index * 10).toISOString(),
    }),
  );
  await measure(service.socket, jobs);
  print(`${backend}: memory with ${LISTED} jobs`, 'MiB', residentMiB(service.child.pid), 400);
  const filters = [
    {},
    { sortDesc: true },
    { status: 'PENDING', sortDesc: true },
    { nodeId: SAMPLE.NodeId },
    { sortBy: 'updatedAt', sortDesc: true },
  ];
  const listing = filters.map((filter) =>
    Buffer.from(`${JSON.stringify({ op: 'list', filter: { ...filter, limit: 100 } })}\n`),
  );
  for (let round = 0; round < 20; round++) await measure(service.socket, listing, 1);
  for (const [index, filter] of filters.entries()) {
    const { p50 } = await measure(service.socket, Array(100).fill(listing[index]), 1);
    print(`${backend}: list of 100 among ${LISTED}, ${JSON.stringify(filter)}`, 'ms', p50, 5);
  }
  await stop(service.child);
}

function request(operation, id, fields) {
  const status = operation === 'create' ? 'PENDING' : 'RUNNING';
  const body =
    operation === 'get' ? { jobId: id } : { job: { ...SAMPLE, ...fields, Uuid: id, Status: status } };
  return Buffer.from(`${JSON.stringify({ op: operation, ...body, requestId: 'r', timestamp: 1 })}\n`);
}

/** One request at a time on each connection; each answer is a line. */
async function measure(socket, requests, connections = CONNECTIONS) {
  let next = 0;
  const times = [];
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = connect(socket);
      await once(client, 'connect');
      return client;
    }),
  );
  const start = performance.now();
  await Promise.all(
    clients.map(
      (client) =>
        new Promise((resolve, reject) => {
          let begun = 0;
          const send = () => {
            if (next === requests.length) return resolve();
            begun = performance.now();
            client.write(requests[next++]);
          };
          client.on('error', reject);
          client.on('data', (chunk) => {
            if (chunk[chunk.length - 1] !== 0x0a) return;
            times.push(performance.now() - begun);
            send();
          });
          send();
        }),
    ),
  );
  const rate = (requests.length * 1_000) / (performance.now() - start);
  for (const client of clients) client.destroy();
  times.sort((a, b) => a - b);
  return { rate, p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)] };
}

async function startState(backend, name = backend) {
  const socket = join(folder, `${name}.sock`);
  const config = join(folder, `${name}.yml`);
  const storage = { local: { directory: join(folder, name) } };
  const monitoring = { prometheus: '', health: '' };
  writeFileSync(config, JSON.stringify({ state: { backend, socket, storage, monitoring } }));
  const child = await start([fileURLToPath(new URL('apps/state/bin/state.js', ROOT)), '--config', config]);
  return { socket, child };
}

async function start(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false }))
    if (String(chunk).includes('ready')) break;
  child.stdout.resume();
  return child;
}

async function stop(child) {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function residentMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function print(figure, unit, value, limit) {
  const rounded = (number) => Number(number.toPrecision(3));
  const result = {
    figure,
    unit,
    value: rounded(value),
    limit: rounded(limit),
    ratio: rounded(value / limit),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
