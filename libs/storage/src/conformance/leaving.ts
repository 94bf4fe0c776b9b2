import assert from 'node:assert/strict';
import type { RowFilter } from '../filter.js';
import type { LogStore } from '../log-store.js';
import type { ReadOptions, RowQuery } from '../query.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs } from './read.js';
import { rejects } from './rejects.js';
import { JOB, lines, MANY, samples, writeLogs, writeMetrics } from './rows.js';
import { sameLogs } from './same-rows.js';

type Steps = AsyncIterator<unknown>;

const READS: readonly {
  name: string;
  open: (store: LogStore, query: RowQuery, options: ReadOptions) => Steps;
}[] = [
  {
    name: 'readLogs',
    open: (store, query, options) => store.readLogs(query, options)[Symbol.asyncIterator](),
  },
  {
    name: 'readMetrics',
    open: (store, query, options) => store.readMetrics(query, options)[Symbol.asyncIterator](),
  },
];

/** Calls `test` for both kinds of reads of a job with many rows, with a new signal each. */
async function eachRead(
  store: LogStore,
  test: (
    open: (query?: Partial<RowQuery>) => Steps,
    controller: AbortController,
    name: string,
  ) => Promise<void>,
): Promise<void> {
  await writeLogs(store, lines(MANY));
  await writeMetrics(store, samples(MANY));
  for (const { name, open } of READS) {
    const controller = new AbortController();
    await test(
      (query) => open(store, { jobId: JOB, ...query }, { signal: controller.signal }),
      controller,
      name,
    );
  }
  // The store is none the worse for it.
  sameLogs(await readLogs(store), lines(MANY));
}

async function isAborted(step: Promise<unknown>, { signal }: AbortController, name: string): Promise<void> {
  const error = await rejects('ABORTED', () => step, name);
  assert.equal(error.cause, signal.reason, `${name}: the cause of the error is not the reason of the abort`);
}

const before: ConformanceCase = {
  name: 'a read with a signal that is aborted already rejects with ABORTED, with its reason as the cause',
  run: ({ store }) =>
    eachRead(store, async (open, controller, name) => {
      controller.abort(new Error('not wanted'));
      await isAborted(open().next(), controller, name);
      await isAborted(open({ tail: 3 }).next(), controller, `${name}, tail`);
      await isAborted(open({ limit: 0 }).next(), controller, `${name}, limit 0`);
    }),
};

const between: ConformanceCase = {
  name: 'aborted between two steps, the next one rejects with ABORTED, and the read is over',
  run: ({ store }) =>
    eachRead(store, async (open, controller, name) => {
      const steps = open();
      assert.equal((await steps.next()).done, false);
      controller.abort();
      await isAborted(steps.next(), controller, name);
      assert.equal((await steps.next()).done, true, `${name} goes on after ABORTED`);
    }),
};

const pending: ConformanceCase = {
  name: 'aborted while a step is pending, that step rejects with ABORTED',
  run: ({ store }) =>
    eachRead(store, async (open, controller, name) => {
      const step = open().next();
      controller.abort();
      await isAborted(step, controller, name);
    }),
};

const counting: ConformanceCase = {
  name: 'aborted while a tail is looked for, the step rejects with ABORTED',
  run: ({ store }) =>
    eachRead(store, async (open, controller, name) => {
      const step = open({ tail: 5 }).next();
      controller.abort();
      await isAborted(step, controller, name);
    }),
};

const filtering: ConformanceCase = {
  name: 'aborted while rows are filtered, the step rejects with ABORTED, even if no row is left',
  async run({ store }) {
    await writeLogs(store, lines(MANY));
    for (const abortAt of [0n, BigInt(MANY - 1)]) {
      for (const counts of [{}, { tail: 5 }]) {
        const controller = new AbortController();
        const filter: RowFilter = {
          literals: [],
          matches({ ordinal }) {
            if (ordinal === abortAt) controller.abort();
            return false;
          },
        };
        const { signal } = controller;
        await isAborted(readLogs(store, { filter, ...counts }, { signal }), controller, `at row ${abortAt}`);
      }
    }
  },
};

const notAborted: ConformanceCase = {
  name: 'a signal that is not aborted changes nothing; aborted after the end, neither',
  async run({ store }) {
    await writeLogs(store, lines(MANY));
    const controller = new AbortController();
    sameLogs(await readLogs(store, {}, { signal: controller.signal }), lines(MANY));
    controller.abort();
    sameLogs(await readLogs(store), lines(MANY));
  },
};

const brokenOff: ConformanceCase = {
  name: 'reads that are broken off, or never begun, leave nothing behind that hinders reading or closing',
  async run({ store }) {
    await writeLogs(store, lines(MANY));
    await writeMetrics(store, samples(MANY));
    for (let round = 0; round < 300; round++) {
      store.readLogs({ jobId: JOB });
      store.readLogs({ jobId: 'unknown' });
      for await (const item of store.readLogs({ jobId: JOB, tail: 2000 })) {
        assert.equal(item.kind, 'logs');
        break;
      }
      const steps = store.readMetrics({ jobId: JOB })[Symbol.asyncIterator]();
      await steps.next();
      await steps.return?.();
      assert.equal((await steps.next()).done, true, 'a read goes on after return()');
    }
    sameLogs(await readLogs(store), lines(MANY));
    await store.close();
  },
};

const thrownOut: ConformanceCase = {
  name: 'what a filter throws ends the read and reaches the reader',
  async run({ store }) {
    await writeLogs(store, lines(MANY));
    const mistake = new Error('a mistake in the filter');
    const filter: RowFilter = {
      literals: [],
      matches() {
        throw mistake;
      },
    };
    await assert.rejects(
      readLogs(store, { filter }),
      (error: Error) => error === mistake || error.cause === mistake,
    );
    sameLogs(await readLogs(store), lines(MANY));
  },
};

export const leaving: Theme = {
  name: 'aborting and leaving a read',
  cases: [before, between, pending, counting, filtering, notAborted, brokenOff, thrownOut],
};
