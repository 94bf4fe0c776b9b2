import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hasFeature, LogBatch, substringFilter } from '@joblet/storage';
import { openLocalStore } from '@joblet/storage-local';
import { fit } from './history.mjs';
import { JOBS } from './operations.mjs';
import { pick } from './random.mjs';
import { readRows } from './read-job.mjs';

const run = promisify(execFile);
const QUERIES_PER_JOB = 4;

/**
 * Opens the store and compares all of it with what its calls can have left; asks queries that an index answers and
 * compares them with a plain search; closes it, and reads every file with gzip. `history` is then settled, unless the
 * store is a copy that is thrown away (`settles: false`). Resolves to how many rows there were.
 */
export async function checkStore(
  directory,
  history,
  { random, store: options, settles = true, events = [] },
) {
  const store = await openLocalStore({
    baseDirectory: directory,
    ...options,
    onEvent: (event) => events.push(event.type),
  });
  const found = new Map();
  const stored = new Map();
  try {
    for (const job of JOBS) {
      const rows = await readAll(store, job);
      found.set(job, fit(job, history.of(job), rows));
      stored.set(job, rows);
      await checkInfo(store, history, job, rows);
      for (let count = 0; count < QUERIES_PER_JOB; count++) await checkQuery(store, job, rows.logs, random);
    }
    await checkCatalog(store, stored);
    await checkSources(store, history, stored);
  } finally {
    await store.close();
  }
  await checkFiles(directory, stored);
  if (settles) history.settle(found);
  return [...stored.values()].reduce((sum, { logs, metrics }) => sum + logs.length + metrics.length, 0);
}

async function readAll(store, jobId) {
  try {
    const logs = (await readRows(store.readLogs({ jobId }))) ?? [];
    return { logs, metrics: (await readRows(store.readMetrics({ jobId }))) ?? [] };
  } catch (error) {
    error.message = `${jobId}: ${error.message}`;
    throw error;
  }
}

async function checkCatalog(store, stored) {
  const listed = new Set();
  for await (const { jobId } of store.listJobs()) listed.add(jobId);
  for (const [job, { logs, metrics }] of stored)
    if (logs.length + metrics.length > 0) assert.ok(listed.has(job), `${job} has rows and is not listed`);
}

async function checkInfo(store, history, job, { logs, metrics }) {
  if (logs.length + metrics.length === 0) return;
  const info = await store.getJobInfo(job);
  const { stdout, stderr } = info;
  assert.equal(info.gaps, 0, `${job}: gaps`);
  assert.equal(stdout.rows + stderr.rows, BigInt(logs.length), `${job}: rows of logs as counted`);
  assert.equal(info.metrics.rows, BigInt(metrics.length), `${job}: rows of metrics as counted`);
  const bytes = logs.reduce((sum, { content }) => sum + content.length, 0);
  assert.equal(stdout.bytes + stderr.bytes, BigInt(bytes), `${job}: bytes as counted`);
  const last = history.of(job).at(-1);
  if (hasFeature(store, 'endRecords') && last?.operation.kind === 'end' && last.state === 'ok')
    assert.equal(info.end?.time, last.operation.time, `${job}: its end record`);
}

/** What an index may prune: a window of time, a needle, a tail, the rows behind an ordinal. */
async function checkQuery(store, jobId, rows, random) {
  if (rows.length === 0) return;
  const query = { jobId };
  let expected = rows;
  if (random() < 0.5) {
    query.stream = random() < 0.5 ? 1 : 2;
    expected = expected.filter(({ stream }) => stream === query.stream);
  }
  if (random() < 0.5) {
    const [from, to] = [pick(random, rows).timestamp, pick(random, rows).timestamp];
    [query.startTime, query.endTime] = from < to ? [from, to] : [to, from];
    expected = expected.filter(({ timestamp }) => timestamp >= query.startTime && timestamp <= query.endTime);
  }
  if (random() < 0.6) {
    const content = bytesOf(pick(random, rows));
    const from = Math.floor(random() * content.length);
    const needle = content.toString('utf8', from, from + 4 + Math.floor(random() * 12));
    if (needle !== '' && !needle.includes('\ufffd')) {
      query.filter = substringFilter(needle);
      expected = expected.filter((row) => bytesOf(row).includes(needle));
    }
  }
  if (random() < 0.3) {
    query.afterOrdinal = BigInt(Math.floor(random() * rows.length));
    expected = expected.filter(({ ordinal }) => ordinal > query.afterOrdinal);
  }
  if (random() < 0.4) {
    query.tail = 1 + Math.floor(random() * 50);
    expected = expected.slice(-query.tail);
  }
  const given = (await readRows(store.readLogs(query))) ?? [];
  const ordinals = (list) => list.map(({ ordinal }) => ordinal).join(' ');
  const shown = JSON.stringify(query, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  assert.equal(ordinals(given), ordinals(expected), `${jobId}: rows that a query gives: ${shown}`);
}

function bytesOf({ content: { buffer, byteOffset, length } }) {
  return Buffer.from(buffer, byteOffset, length);
}

/** A producer that sends its last batch again, as after a reconnect, adds nothing. */
async function checkSources(store, history, stored) {
  if (!hasFeature(store, 'idempotentWrites')) return;
  const highest = [...history.calls.values()].findLast(
    ({ state, operation: { kind } }) => state === 'ok' && (kind === 'logs' || kind === 'metrics'),
  );
  const source = (await store.durableSources()).find(({ producer }) => producer === 'crash');
  if (highest === undefined) return;
  assert.ok(
    source && source.frame >= BigInt(highest.id),
    `frame ${highest.id} is durable, known is ${source?.frame}`,
  );
  if (highest.operation.kind !== 'logs') return;
  await store.writeLogs(LogBatch.from(highest.operation.rows), {
    source: { producer: 'crash', epoch: 1n, frame: BigInt(highest.id) },
  });
  for (const job of highest.operation.jobs)
    assert.equal(
      (await readAll(store, job)).logs.length,
      stored.get(job).logs.length,
      `${job}: a batch sent twice`,
    );
}

/** The way out: gzip alone, on a store that was closed, gives every row. */
async function checkFiles(directory, stored) {
  for (const [job, { logs, metrics }] of stored) {
    const counts = { logs: 0, metrics: 0 };
    for (const area of ['logs', 'metrics']) {
      const folder = join(directory, area, job);
      for (const name of await readdir(folder).catch(() => [])) {
        if (!name.endsWith('.gz') || name.startsWith('.')) continue;
        const { stdout } = await run('gzip', ['-dc', join(folder, name)], {
          encoding: 'buffer',
          maxBuffer: 256 * 1024 * 1024,
        });
        counts[area] += stdout.reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 0);
      }
    }
    assert.deepEqual(
      counts,
      { logs: logs.length, metrics: metrics.length },
      `${job}: rows that gzip -dc gives`,
    );
  }
}
