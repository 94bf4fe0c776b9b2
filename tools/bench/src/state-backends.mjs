// Speed of the state stores on the local disk and in Redis, as callers in the same process see it. One JSON line for each
// figure: `limit` is what the bare driver does with the same requests in the same run, without anything around them (or
// the time that is allowed); `ratio` is value / limit. 20 callers at a time, medians of BENCH_RUNS (9) short rounds that
// alternate: what else the machine does meets both alike. Redis syncs each change, and is left out where it is not
// installed.
// After `npm run build`: npm run bench:state-backends --workspace @joblet/bench
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { findRedis, startRedis } from '@joblet/services';
import { openLocalStateStore } from '@joblet/state-local';
import { openRedisStateStore } from '@joblet/state-redis';
import { applyCreate, newJob } from '@joblet/state-store';
import { ClassicLevel } from 'classic-level';
import { createClient } from 'redis';

const ROUNDS = Number(process.env.BENCH_RUNS ?? 9);
const CALLERS = 20;
const COUNT = Number(process.env.BENCH_OPERATIONS ?? 1_000);
const LISTED = Number(process.env.BENCH_JOBS ?? 100_000);
const transcript = new URL('../../../testdata/go/state/transcript.jsonl', import.meta.url);
const [line] = (await readFile(transcript, 'utf8')).split('\n');
const SAMPLE = JSON.parse(JSON.parse(line).request).job;

const folder = await mkdtemp(join(process.env.BENCH_FOLDER ?? tmpdir(), 'state-bench-'));
await benchLocal();
await benchLists();
if (findRedis()) await benchRedis();
await rm(folder, { recursive: true });

async function benchLocal() {
  const store = await openLocalStateStore({ directory: join(folder, 'store') });
  const level = new ClassicLevel(join(folder, 'bare'));
  await level.open();
  try {
    await compare('local', operationsOf(store), bareLevel(level));
  } finally {
    await store.close();
    await level.close();
  }
}

/** As many keys, of the same size, as the store writes for a job; each request is a synced batch of its own. */
function bareLevel(level) {
  const place = (id) => `2025-11-20T00:53:20.123456789Z\0${id}`;
  const summary = `RUNNING\0node-1\0\0${place('')}`;
  const entries = (id) => [`c\0${place(id)}`, `n\0node-1\0${place(id)}`];
  return {
    create: (id, { json }) => {
      const batch = level.batch().put(`j\0${id}`, json);
      for (const key of entries(id)) batch.put(key, summary);
      return batch
        .put(`s\0PENDING\0${place(id)}`, summary)
        .put(`u\0${place(id)}`, summary)
        .write({ sync: true });
    },
    update: async (id, { json }) => {
      await level.get(`j\0${id}`);
      const batch = level.batch().put(`j\0${id}`, json);
      for (const key of entries(id)) batch.put(key, summary);
      batch.del(`s\0PENDING\0${place(id)}`).put(`s\0RUNNING\0${place(id)}`, summary);
      await batch
        .del(`u\0${place(id)}`)
        .put(`u\0${place(id)}2`, summary)
        .write({ sync: true });
    },
    get: (id) => level.get(`j\0${id}`),
  };
}

async function benchLists() {
  const directory = join(folder, 'lists');
  const filled = await openLocalStateStore({ directory });
  for (let from = 0; from < LISTED; from += 1_000) {
    const jobs = Array.from({ length: 1_000 }, (_, index) => {
      const number = from + index;
      const startTime = new Date(Date.UTC(2025, 10, 20) + number * 10).toISOString();
      return jobOf(`job-${number}`, number % 100 === 0 ? 'RUNNING' : 'COMPLETED', { StartTime: startTime })
        .job;
    });
    // A node of its own: nothing is removed.
    await filled.sync(jobs, { nodeId: 'bench', owner: '' });
  }
  await filled.close();
  const start = performance.now();
  const store = await openLocalStateStore({ directory });
  print(`local: opening ${LISTED} jobs`, 'ms', performance.now() - start, 1_000);
  const filters = [
    {},
    { sortDesc: true },
    { status: 'RUNNING', sortDesc: true },
    { nodeId: 'node-1', status: 'COMPLETED' },
    { sortBy: 'updatedAt', sortDesc: true },
    { prefix: 'job-777' },
  ];
  // LevelDB arranges what it has just read from its log, and the code is cold.
  for (let round = 0; round < 20; round++) {
    for (const filter of filters) await store.list({ ...filter, limit: 100 });
  }
  for (const filter of filters) {
    const times = [];
    for (let round = 0; round < 50; round++) {
      const begun = performance.now();
      await store.list({ ...filter, limit: 100 });
      times.push(performance.now() - begun);
    }
    print(`local: list of 100 among ${LISTED}, ${JSON.stringify(filter)}`, 'ms', median(times), 5);
  }
  await store.close();
}

async function benchRedis() {
  const server = await startRedis();
  const store = await openRedisStateStore({ endpoint: server.url, ttlDays: 30 });
  const client = createClient({ url: server.url, RESP: 2, commandOptions: { timeout: 0 } });
  await client.connect();
  try {
    await compare('redis', operationsOf(store), await bareRedis(client));
  } finally {
    await store.close();
    client.destroy();
    await server.stop();
  }
}

/** The commands of the store, and its script. */
async function bareRedis(client) {
  const packageUrl = import.meta.resolve('@joblet/state-redis');
  const { CHANGE } = await import(new URL('./scripts/change.js', packageUrl));
  const { RECORD_FIELDS } = await import(new URL('./record-hash.js', packageUrl));
  await client.sendCommand(['SCRIPT', 'LOAD', CHANGE.text]);
  const prefix = '{joblet:state}:';
  const time = '2025-11-20T00:53:20.123456789Z';
  const change = (id, expected, version, json, updatedAt, status) => {
    const fields = [version, json, '0', time, updatedAt, status, 'node-1', '', time, '', ''];
    return client.sendCommand(['EVALSHA', CHANGE.sha1, '1', prefix, id, expected, ...fields]);
  };
  const get = (id) => client.sendCommand(['HMGET', `${prefix}job:${id}`, ...RECORD_FIELDS]);
  return {
    create: (id, { json }) => change(id, '', '1', json, time, 'PENDING'),
    update: async (id, { json }) => {
      const [version] = await get(id);
      await change(id, version, '2', json, time.replace('9Z', '8Z'), 'RUNNING');
    },
    get,
  };
}

function operationsOf(store) {
  return {
    create: (_, { job }) => store.create(job),
    update: (_, { job }) => store.update(job),
    get: (id) => store.get(id),
  };
}

/** What the store is given, and the JSON that it makes of it, for the bare driver. */
function jobOf(uuid, status, fields) {
  const job = newJob(JSON.stringify({ ...SAMPLE, ...fields, Uuid: uuid, Status: status }));
  return { job, json: applyCreate(undefined, job, 0).job.json };
}

async function compare(name, ours, bare) {
  const results = { ours: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const turns = [
      ['ours', ours],
      ['bare', bare],
    ];
    if (round % 2 === 1) turns.reverse();
    for (const [who, operations] of turns) {
      const result = await measure(`${who}-${round}`, operations);
      // The first round warms up.
      if (round > 0) results[who].push(result);
    }
  }
  for (const operation of ['create', 'update', 'get']) {
    const of = (who, figure) => median(results[who].map((result) => result[operation][figure]));
    print(
      `${name}: ${operation}, ${CALLERS} callers`,
      'operations/s',
      of('ours', 'rate'),
      of('bare', 'rate'),
    );
    print(`${name}: ${operation}, ${CALLERS} callers, p99`, 'ms', of('ours', 'p99'), of('bare', 'p99'));
  }
}

async function measure(prefix, operations) {
  const ids = Array.from({ length: COUNT }, (_, index) => `${prefix}-${index}`);
  const results = {};
  for (const [name, operation] of Object.entries(operations)) {
    const status = name === 'create' ? 'PENDING' : 'RUNNING';
    const queue = ids.map((id) => [id, jobOf(id, status)]);
    const times = [];
    const start = performance.now();
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
          const begun = performance.now();
          await operation(...next);
          times.push(performance.now() - begun);
        }
      }),
    );
    const rate = (COUNT * 1_000) / (performance.now() - start);
    times.sort((a, b) => a - b);
    results[name] = { rate, p99: times[Math.floor(COUNT * 0.99)] };
  }
  return results;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}

function print(figure, unit, value, limit) {
  const rounded = (number) => Number(number.toPrecision(3));
  const line = { figure, unit, value: rounded(value), limit: rounded(limit), ratio: rounded(value / limit) };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
