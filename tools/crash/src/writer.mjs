// A process that calls a local store until it is killed or told to stop, and says what became of each call
// (history.mjs has the words): `node writer.mjs '{"directory": …, "seed": …, "first": …}'`.
import { readSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { hasFeature, LogBatch, MetricBatch } from '@joblet/storage';
import { openLocalStore } from '@joblet/storage-local';
import { fit, History } from './history.mjs';
import { JOBS, operation } from './operations.mjs';
import { pick, seededBy } from './random.mjs';
import { readRows } from './read-job.mjs';

const settings = JSON.parse(process.argv[2]);
/**
 * @type {{ directory: string, seed: number, first: number, count: number, underWay: number, reads: boolean,
 *   waits: boolean, store: object }}
 * `count` calls from number `first` on, so many at the same time. `waits`: begins when a byte comes on stdin.
 */
const { directory, seed, first, count, underWay = 4, reads = true, waits = false } = settings;
const history = new History(seed);
let nextId = first;

const store = await openLocalStore({
  baseDirectory: directory,
  ...settings.store,
  onEvent: (event) => write(`event ${event.type}`),
});
write(`open ${process.pid}`);
if (waits) readSync(0, Buffer.alloc(1));
process.once('SIGTERM', () => (nextId = first + count));
const readers = reads ? [readOften()] : [];
await Promise.all(Array.from({ length: underWay }, callAfterCall));
await Promise.all(readers);
await closeStore();

async function callAfterCall() {
  while (nextId < first + count) {
    const id = nextId++;
    say(`call ${id}`);
    try {
      await call(id, operation(seed, id));
      say(`ok ${id}`);
    } catch (error) {
      if (error.code === 'JOB_NOT_FOUND') say(`none ${id}`);
      else {
        say(`no ${id} ${error.code}`);
        write(`because ${error.message.replaceAll('\n', ' ')}`);
        await delay(1);
      }
    }
  }
}

/** What a store cannot do is done by doing nothing. */
async function call(id, { kind, job, rows, time }) {
  const options = store.supports.idempotentWrites
    ? { source: { producer: 'crash', epoch: 1n, frame: BigInt(id) } }
    : {};
  if (kind === 'logs') await store.writeLogs(LogBatch.from(rows), options);
  else if (kind === 'metrics') await store.writeMetrics(MetricBatch.from(rows), options);
  else if (kind === 'delete') await store.deleteJob(job);
  else if (hasFeature(store, 'endRecords')) await store.endJob(job, { time, exitCode: id % 256 });
}

/** Reads while rows go from memory to files: each answer must be one that the calls so far allow. */
async function readOften() {
  const random = seededBy(seed, first);
  while (nextId < first + count) {
    const job = pick(random, JOBS);
    const before = new Map(history.of(job).map(({ id, state }) => [id, state]));
    const kind = random() < 0.8 ? 'logs' : 'metrics';
    const query = { jobId: job };
    const items = kind === 'logs' ? store.readLogs(query) : store.readMetrics(query);
    let rows;
    try {
      rows = await readRows(items);
    } catch (error) {
      // Fault injection lets reads fail too; that they may, as long as they say so.
      if (error.code === undefined) wrong(error);
      await delay(2);
      continue;
    }
    const calls = history.of(job);
    // Deleted while it was read: the answer may have ended at any place.
    const mayEnd = calls.some(({ id, operation }) => operation.kind === 'delete' && before.get(id) !== 'ok');
    if (mayEnd) continue;
    try {
      // Only calls of this process are known; what the job had before is the driver's to check.
      const own = (rows ?? []).filter(({ sequence }) => sequence >> 16n >= BigInt(first));
      const earlier = (rows?.length ?? 0) - own.length;
      const numbered = own.map((row) => ({ ...row, ordinal: row.ordinal - BigInt(earlier) }));
      const asOfStart = calls.map((call) => ({
        ...call,
        state: before.get(call.id) === 'ok' ? 'ok' : 'open',
      }));
      const { present } = fit(job, asOfStart, { [kind]: numbered });
      const news = calls.filter(({ id, state }) => present.has(id) && state === 'open').map(({ id }) => id);
      if (news.length > 0) say(`seen ${news.join(' ')}`);
    } catch (error) {
      wrong(error);
    }
    await delay(random() * 10);
  }
}

async function closeStore() {
  try {
    await store.close();
    say('closed');
  } catch (error) {
    write(`because ${error.message.replaceAll('\n', ' ')}`);
    process.exitCode = 1;
  }
  write(`memory ${process.resourceUsage().maxRSS * 1024}`);
}

function say(line) {
  history.take(line);
  write(line);
}

function wrong(error) {
  write(`wrong ${error.message.replaceAll('\n', ' ')}`);
  process.exit(3);
}

/** Must get through even when system calls are made to fail. */
function write(line) {
  for (;;) {
    try {
      writeSync(1, `${line}\n`);
      return;
    } catch (error) {
      if (error.code === 'EPIPE') process.exit(4);
    }
  }
}
