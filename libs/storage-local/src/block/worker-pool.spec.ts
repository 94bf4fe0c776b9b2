import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MESSAGES_PER_WORKER } from '../limits.js';
import { blockRows } from '../testing/block-rows.js';
import type { BlockBuilder, BlockRequest } from './block-builder.js';
import { WorkerPool } from './worker-pool.js';

const POOL_WORKER = new URL('../testing/pool-worker.mjs', import.meta.url);

const requestOf = (jobId: string, text: string): BlockRequest => ({
  kind: 'logs',
  jobId,
  content: 'text',
  level: 3,
  rows: blockRows([{ message: Buffer.from(text), timestamp: 1n, ordinal: 1n, padding: 3 }]),
});

const inline: BlockBuilder = {
  build: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};

describe('a pool of workers', () => {
  let pool: WorkerPool;
  let started = 0;

  function open(threads: number): void {
    started = 0;
    const start = () => {
      started++;
      return new Worker(POOL_WORKER);
    };
    pool = new WorkerPool(threads, start, inline);
  }

  const textOf = async (request: BlockRequest) =>
    (await pool.build(request)).map(({ member }) => Buffer.from(member).toString());

  afterEach(() => pool.close());

  it('answers the requests of a job in their order, a few at a time, and leaves the rows to the caller', async () => {
    open(2);
    const requests = Array.from({ length: 40 }, (_, index) => requestOf(`job-${index % 5}`, `row ${index}`));
    const before = requests.map(({ rows }) => Buffer.from(rows.bytes));
    const order: string[] = [];
    const answers = await Promise.all(
      requests.map(async (request) => {
        const blocks = await pool.build(request);
        order.push(request.jobId);
        return blocks;
      }),
    );
    expect(answers.map(([{ member }]) => Buffer.from(member).toString())).toEqual(
      requests.map((_, index) => `row ${index}`),
    );
    expect(requests.map(({ rows }) => Buffer.from(rows.bytes))).toEqual(before);
    expect(Math.max(...answers.map(([{ stream }]) => stream))).toBeLessThanOrEqual(MESSAGES_PER_WORKER);
    expect(order).toHaveLength(40);
    expect(started).toBe(2);
  });

  it('says which job cannot be built, and goes on', async () => {
    open(1);
    const failed = textOf(requestOf('fail', ''));
    const next = textOf(requestOf('j', 'x'));
    await expect(failed).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'building blocks of job fail: no row',
    });
    expect(await next).toEqual(['x']);
  });

  it('replaces a worker that dies, once; then the thread that calls takes its place', async () => {
    open(1);
    const died = {
      code: 'INTERNAL',
      message: expect.stringContaining('the worker thread failed: out of luck'),
    };
    for (const workers of [1, 2]) {
      expect(started).toBe(workers);
      const deadly = textOf(requestOf('die', ''));
      const victims = Array.from({ length: MESSAGES_PER_WORKER - 1 }, () => textOf(requestOf('with', 'x')));
      const waiting = [textOf(requestOf('a', 'y')), textOf(requestOf('b', 'z'))];
      for (const lost of [deadly, ...victims]) await expect(lost).rejects.toMatchObject(died);
      expect(await Promise.all(waiting)).toEqual(workers === 1 ? [['y'], ['z']] : [[], []]);
    }
    expect(await textOf(requestOf('a', 'y'))).toEqual([]);
    expect(started).toBe(2);
  });

  it('that is closed rejects what it has, and takes no more', async () => {
    open(1);
    const left = [1, 2, 3, 4].map((index) => textOf(requestOf('j', `${index}`)));
    const outcomes = Promise.allSettled(left);
    await pool.close();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'CLOSED' } });
    await expect(pool.build(requestOf('j', ''))).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
