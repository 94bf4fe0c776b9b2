import { setImmediate } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ReadQueue } from './read-queue.js';

const MICROTASKS_MAX = 12;

it('a read that comes at any moment when the queue runs empty is made', async () => {
  const queue = new ReadQueue(async (uuids) => new Map(uuids.map((uuid) => [uuid, 'text'])), {
    fetchesAtOnce: 1,
    uuidsMax: 10,
  });
  for (let count = 0; count < MICROTASKS_MAX; count++) {
    expect(await queue.get('a')).toBe('text');
    // Where between two calls the next one comes is a matter of these.
    for (let turn = 0; turn < count; turn++) await Promise.resolve();
  }
});

it('fetches in one go what is asked for together, once each, so many at most, and so many goes at a time', async () => {
  const fetches: string[][] = [];
  const ends: (() => void)[] = [];
  const queue = new ReadQueue<string>(
    async (uuids) => {
      fetches.push([...uuids]);
      await new Promise<void>((resolve) => ends.push(resolve));
      return new Map(uuids.filter((uuid) => uuid !== 'missing').map((uuid) => [uuid, `text of ${uuid}`]));
    },
    { fetchesAtOnce: 2, uuidsMax: 3 },
  );
  const reads = ['a', 'a', 'missing', 'b', 'c', 'd', 'e'].map((uuid) => queue.get(uuid));
  await setImmediate();
  await setImmediate();
  expect(fetches).toEqual([
    ['a', 'missing'],
    ['b', 'c', 'd'],
  ]);
  ends.shift()?.();
  expect(await Promise.all(reads.slice(0, 3))).toEqual(['text of a', 'text of a', undefined]);
  await setImmediate();
  await setImmediate();
  expect(fetches[2]).toEqual(['e']);
  for (const end of ends) end();
  expect(await reads[6]).toBe('text of e');
});

it('rejects the reads of a fetch that fails, and goes on', async () => {
  let isBroken = true;
  const queue = new ReadQueue<string>(
    async () => {
      if (isBroken) throw new Error('failed');
      return new Map([['a', 'text']]);
    },
    { fetchesAtOnce: 1, uuidsMax: 10 },
  );
  await expect(Promise.all([queue.get('a'), queue.get('b')])).rejects.toThrow('failed');
  isBroken = false;
  expect(await queue.get('a')).toBe('text');
});
