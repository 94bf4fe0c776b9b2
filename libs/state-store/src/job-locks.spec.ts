import { setImmediate } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { JobLocks } from './job-locks.js';

it('runs changes of a job one after the other, in the order of the calls, and those of other jobs beside them', async () => {
  const locks = new JobLocks();
  const events: string[] = [];
  const change = (name: string, uuids: readonly string[]) =>
    locks.run(uuids, async () => {
      events.push(`${name} begins`);
      await setImmediate();
      events.push(`${name} ends`);
    });
  await Promise.all([change('1', ['a']), change('2', ['a', 'b']), change('3', ['c']), change('4', ['b'])]);
  const at = (event: string) => events.indexOf(event);
  expect(at('1 ends')).toBeLessThan(at('2 begins'));
  expect(at('2 ends')).toBeLessThan(at('4 begins'));
  expect(at('3 begins')).toBeLessThan(at('1 ends'));
});

it('goes on after a change that fails', async () => {
  const locks = new JobLocks();
  const failing = locks.run(['a'], () => Promise.reject(new Error('failed')));
  const next = locks.run(['a'], async () => 'made');
  await expect(failing).rejects.toThrow('failed');
  expect(await next).toBe('made');
});
