import { expect, it } from '@jest/globals';
import { applyCreate, newJob } from '@joblet/state-store';
import { ChangeQueue } from './change-queue.js';
import { BATCH_BYTES_MAX, BATCH_CHANGES_MAX } from './limits.js';

const MICROTASKS_MAX = 12;

/** Waits for so many turns of the microtask queue: where between two calls the next one comes is a matter of these. */
async function microtasks(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

it('a change that comes at any moment when the queue runs empty is made', async () => {
  const queue = new ChangeQueue(async (changes) =>
    changes.map(({ apply }) => {
      apply(undefined);
      return undefined;
    }),
  );
  const job = newJob({ uuid: 'a' });
  for (let count = 0; count < MICROTASKS_MAX; count++) {
    const made = await queue.change({ uuid: 'a', now: 0, job }, (record) => applyCreate(record, job, 0));
    expect(made.uuid).toBe('a');
    await microtasks(count);
    await queue.alone(async () => undefined);
    await microtasks(count);
  }
});

it('a batch has so many changes at most, and ends with the one that makes it too large', async () => {
  const sizes: number[] = [];
  const queue = new ChangeQueue(async (changes) => {
    sizes.push(changes.length);
    return changes.map(({ apply }) => {
      apply(undefined);
      return undefined;
    });
  });
  const small = newJob({ uuid: 'a' });
  const large = newJob({ uuid: 'a', filler: 'x'.repeat(BATCH_BYTES_MAX / 2) });
  const change = (job = small) =>
    queue.change({ uuid: 'a', now: 0, job }, (record) => applyCreate(record, job, 0));
  await Promise.all(Array.from({ length: BATCH_CHANGES_MAX + 1 }, () => change()));
  expect(sizes.splice(0)).toEqual([BATCH_CHANGES_MAX, 1]);
  await Promise.all([large, small, large, large].map(change));
  expect(sizes).toEqual([3, 1]);
});
