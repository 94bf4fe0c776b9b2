import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { withDeadline, type Deadline } from './with-deadline.js';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

const TOO_LATE = { code: 'UNAVAILABLE', message: 'Medium: no answer in 100 ms' };

it('gives what the work gives, and its errors', async () => {
  expect(await withDeadline('Medium', 100, async () => 1)).toBe(1);
  await expect(withDeadline('Medium', 100, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(jest.getTimerCount()).toBe(0);
});

it('is UNAVAILABLE when the work takes longer, and tells the work when it looks', async () => {
  let work: Deadline | undefined;
  const call = withDeadline('Medium', 100, (deadline) => {
    work = deadline;
    return new Promise(() => undefined);
  });
  jest.advanceTimersByTime(99);
  work!.check();
  jest.advanceTimersByTime(1);
  await expect(call).rejects.toMatchObject(TOO_LATE);
  expect(() => work!.check()).toThrow(expect.objectContaining(TOO_LATE));
});

it('each answer that comes in between has the whole time, unless it comes too late', async () => {
  let work: Deadline | undefined;
  const call = withDeadline('Medium', 100, (deadline) => {
    work = deadline;
    return new Promise(() => undefined);
  });
  for (let answers = 0; answers < 3; answers++) {
    jest.advanceTimersByTime(99);
    work!.extend();
  }
  work!.check();
  jest.advanceTimersByTime(100);
  work!.extend();
  expect(() => work!.check()).toThrow(TOO_LATE.message);
  await expect(call).rejects.toMatchObject(TOO_LATE);
});
