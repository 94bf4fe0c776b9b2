import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { RowFilter } from '../filter.js';
import type { LogStore } from '../log-store.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs, readMetrics } from './read.js';
import { lines, MANY, samples, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

const BATCHES = 60;
const ROWS_PER_BATCH = 7;

/** Whole batches that a reader sees of the job. */
async function batchesOf(store: LogStore, jobId: string, kind: 'logs' | 'metrics'): Promise<number> {
  const rows = await (kind === 'logs' ? readLogs(store, { jobId }) : readMetrics(store, { jobId }));
  const part = rows.length % ROWS_PER_BATCH;
  assert.equal(part, 0, `a reader of ${jobId} saw ${part} of a batch's ${ROWS_PER_BATCH} rows`);
  return rows.length / ROWS_PER_BATCH;
}

/** Writes batches that have the same number of rows of both jobs, and calls `look` all the time meanwhile. */
async function whileWriting(
  store: LogStore,
  kind: 'logs' | 'metrics',
  look: () => Promise<void>,
): Promise<void> {
  const count = 2 * ROWS_PER_BATCH;
  const toBoth = <Row>(row: Row, index: number) => ({ ...row, jobId: index % 2 === 0 ? 'left' : 'right' });
  const write = () =>
    kind === 'logs'
      ? writeLogs(store, lines(count).map(toBoth))
      : writeMetrics(store, samples(count).map(toBoth));
  await write();
  let writing = true;
  const writes = Promise.all(Array.from({ length: BATCHES }, write)).finally(() => {
    writing = false;
  });
  const looks = (async () => {
    while (writing) {
      await look();
      // Reads of a store in memory take no turn of the event loop: writes that need one would wait for ever.
      await setImmediate();
    }
  })();
  await Promise.all([writes, looks]);
}

function wholeBatches(kind: 'logs' | 'metrics'): ConformanceCase {
  return {
    name: `${kind}: readers see a batch as a whole or not at all, across jobs too`,
    async run({ store }) {
      await whileWriting(store, kind, async () => {
        const before = await batchesOf(store, 'left', kind);
        const between = await batchesOf(store, 'right', kind);
        const after = await batchesOf(store, 'left', kind);
        assert.ok(
          before <= between && between <= after,
          `read one after the other: ${before} batches of left, ${between} of right, ${after} of left`,
        );
      });
      assert.equal(await batchesOf(store, 'right', kind), BATCHES + 1);
    },
  };
}

const readableAtOnce: ConformanceCase = {
  name: 'what a write brought is readable when it resolves',
  async run({ store }) {
    const logs = lines(30);
    const metrics = samples(30);
    for (let index = 0; index < 30; index++) {
      await writeLogs(store, [logs[index]]);
      sameLogs(await readLogs(store), logs.slice(0, index + 1));
      await writeMetrics(store, [metrics[index]]);
      sameMetrics(await readMetrics(store), metrics.slice(0, index + 1));
    }
  },
};

const asWhenItBegan: ConformanceCase = {
  name: 'a read gives the rows that were there when it began, not those that come meanwhile',
  async run({ store }) {
    const written = lines(MANY);
    await writeLogs(store, written);
    const found = [];
    let steps = 0;
    for await (const item of store.readLogs({ jobId: 'job-1' })) {
      if (steps++ < 3) await writeLogs(store, lines(1));
      if (item.kind === 'logs') found.push(...item);
    }
    sameLogs(found, written);
  },
};

const tailAsWhenItBegan: ConformanceCase = {
  name: 'a tail is of the rows that were there when the read began',
  async run({ store }) {
    await writeLogs(store, lines(MANY));
    let more: Promise<void> | undefined;
    const filter: RowFilter = {
      literals: [],
      matches() {
        more ??= writeLogs(store, lines(20));
        return true;
      },
    };
    sameLogs(await readLogs(store, { tail: 10, filter }), lines(MANY).slice(-10), BigInt(MANY - 10));
    await more;
    assert.equal((await readLogs(store, { tail: 10 })).at(-1)?.ordinal, BigInt(MANY + 19));
  },
};

export const atomicity: Theme = {
  name: 'atomicity',
  cases: [wholeBatches('logs'), wholeBatches('metrics'), readableAtOnce, asWhenItBegan, tailAsWhenItBegan],
};
