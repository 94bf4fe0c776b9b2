import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import type { LogRow } from '../log-batch.js';
import { allCalls } from './calls.js';
import type { ConformanceCase, Theme } from './case.js';
import { readLogs, readMetrics } from './read.js';
import { rejects } from './rejects.js';
import { JOB, line, lines, MANY, samples, writeLogs, writeMetrics } from './rows.js';
import { sameLogs, sameMetrics } from './same-rows.js';

const waits: ConformanceCase = {
  name: 'closing waits for the writes under way, and they are stored',
  async run(subject) {
    const { store } = subject;
    const rows = lines(40);
    let settled = 0;
    const writes = [
      ...rows.map((row) => writeLogs(store, [row])),
      ...samples(10).map((row) => writeMetrics(store, [row])),
    ].map((write) => write.finally(() => settled++));
    const all = Promise.allSettled(writes);
    await store.close();
    // Those who wait for a write learn of it a moment after the store does.
    await setImmediate();
    assert.equal(settled, writes.length, 'writes that were settled when the store was closed');
    for (const write of await all) assert.equal(write.status, 'fulfilled', 'a write that was under way');
    if (!subject.supports.durable) return;
    const reopened = await subject.reopen();
    sameLogs(await readLogs(reopened), rows);
    sameMetrics(await readMetrics(reopened), samples(10));
  },
};

const closed: ConformanceCase = {
  name: 'after closing every method rejects with CLOSED, and nothing more is stored',
  async run(subject) {
    await writeLogs(subject.store, lines(3));
    await writeMetrics(subject.store, samples(3));
    await subject.store.close();
    for (const { name, call } of allCalls(subject.store, JOB)) await rejects('CLOSED', call, name);
    for (const { name, call } of allCalls(subject.store, 'unknown')) await rejects('CLOSED', call, name);
    if (!subject.supports.durable) return;
    const reopened = await subject.reopen();
    sameLogs(await readLogs(reopened), lines(3));
    sameMetrics(await readMetrics(reopened), samples(3));
    await rejects('JOB_NOT_FOUND', () => readLogs(reopened, { jobId: 'unknown' }));
  },
};

const atOnce: ConformanceCase = {
  name: 'a call rejects with CLOSED as soon as close was called, though closing is still under way',
  async run({ store }) {
    await writeLogs(store, lines(3));
    const closing = store.close();
    await rejects('CLOSED', () => writeLogs(store, [line('late')]), 'writeLogs');
    await rejects('CLOSED', () => readLogs(store), 'readLogs');
    await closing;
  },
};

const twice: ConformanceCase = {
  name: 'closing twice, at a time or one after the other, is fine',
  async run({ store }) {
    await writeLogs(store, lines(3));
    await Promise.all([store.close(), store.close()]);
    await store.close();
  },
};

const disposed: ConformanceCase = {
  name: 'Symbol.asyncDispose closes the store',
  async run({ store }) {
    await writeLogs(store, lines(3));
    await store[Symbol.asyncDispose]();
    await rejects('CLOSED', () => readLogs(store), 'readLogs');
    await store[Symbol.asyncDispose]();
  },
};

const duringRead: ConformanceCase = {
  name: 'closing does not wait for a reader; its read then gives all its rows or rejects with CLOSED',
  async run({ store }) {
    await writeLogs(store, lines(MANY));
    const steps = store.readLogs({ jobId: JOB })[Symbol.asyncIterator]();
    const found: LogRow[] = [];
    const read = async () => {
      const { done, value } = await steps.next();
      if (done) return false;
      if (value.kind === 'logs') found.push(...value);
      return true;
    };
    await read();
    await store.close();
    const failure = await (async () => {
      while (await read());
    })().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (failure !== undefined) await rejects('CLOSED', () => Promise.reject(failure), 'the read');
    sameLogs(found, failure === undefined ? lines(MANY) : lines(found.length));
  },
};

const again: ConformanceCase = {
  name: 'what was stored is there after each reopening, also when nothing was written meanwhile',
  needs: ['durable'],
  async run(subject) {
    await writeLogs(subject.store, lines(20));
    await writeMetrics(subject.store, samples(20));
    for (let round = 0; round < 3; round++) {
      const store = await subject.reopen();
      sameLogs(await readLogs(store), lines(20));
      sameMetrics(await readMetrics(store), samples(20));
    }
  },
};

export const closing: Theme = {
  name: 'closing',
  cases: [waits, closed, atOnce, twice, disposed, duringRead, again],
};
