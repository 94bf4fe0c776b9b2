import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { JobRetries } from './job-retries.js';

const ITS_FAULT = { isItsFault: true };

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

it.each([
  [0, [50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]],
  [1, [100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]],
])('pauses grow for each job by itself, up to a most; with random %d', (random, expected) => {
  const due: string[] = [];
  const retries = new JobRetries(
    () => random,
    (uuid) => due.push(uuid),
  );
  const pauses: number[] = [];
  while (pauses.length < expected.length) {
    expect(retries.failed('a', ITS_FAULT)).toBe(pauses.length === 0);
    const before = Date.now();
    jest.advanceTimersToNextTimer();
    pauses.push(Date.now() - before);
  }
  expect(pauses).toEqual(expected);
  expect(retries.failed('b', ITS_FAULT)).toBe(true);
  jest.advanceTimersByTime(expected[0]);
  expect(due).toEqual([...expected.map(() => 'a'), 'b']);
});

it('what is over begins anew; nothing is due after close', () => {
  const due: string[] = [];
  const retries = new JobRetries(
    () => 0,
    (uuid) => due.push(uuid),
  );
  retries.failed('a', ITS_FAULT);
  retries.over('a');
  expect(retries.failed('a', ITS_FAULT)).toBe(true);
  jest.advanceTimersByTime(50);
  expect(due).toEqual(['a']);
  retries.failed('b', ITS_FAULT);
  retries.close();
  expect(jest.getTimerCount()).toBe(0);
});

it('what may have been another’s fault is told when it happens again', () => {
  const retries = new JobRetries(
    () => 0,
    () => undefined,
  );
  const told = [false, false, true].map((isItsFault) => retries.failed('a', { isItsFault }));
  expect(told).toEqual([false, true, false]);
  retries.close();
});
