import { expect, it } from '@jest/globals';
import { Calls } from './calls.js';

const forever = new Promise<never>(() => undefined);

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

it('refuses a call beyond the limit, and takes one when another has ended, also with an error', async () => {
  const calls = new Calls('the disk', 2);
  void calls.run(() => forever);
  const fails = deferred();
  const failing = calls.run(() => fails.promise.then(() => Promise.reject(new Error('failed'))));
  await expect(calls.run(async () => 1)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'the disk: 2 calls are under way; no more are taken',
  });
  fails.resolve();
  await expect(failing).rejects.toThrow('failed');
  expect(await calls.run(async () => 1)).toBe(1);
});

it('releases once, when the last call has ended, and takes none after close', async () => {
  const calls = new Calls('the disk', 10);
  const events: string[] = [];
  const last = deferred();
  const call = calls.run(() => last.promise).then(() => events.push('ended'));
  const release = async () => void events.push('released');
  const closed = Promise.all([calls.close(release), calls.close(release)]);
  await expect(calls.run(async () => 1)).rejects.toMatchObject({ code: 'CLOSED' });
  expect(events).toEqual([]);
  last.resolve();
  await Promise.all([call, closed]);
  expect(events.sort()).toEqual(['ended', 'released']);
});
