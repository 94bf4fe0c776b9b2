import { describe, expect, it } from '@jest/globals';
import { Slots } from './slots.js';

const never = new AbortController().signal;

describe('slots', () => {
  it('lets so many in, and the others in the order in which they came', async () => {
    const slots = new Slots(1);
    const order: number[] = [];
    const giveBack = await slots.take(never);
    const waiting = [1, 2].map(async (number) => {
      const done = await slots.take(never);
      order.push(number);
      done();
    });
    expect(order).toEqual([]);
    giveBack();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2]);
  });

  it('gives a slot back once only', async () => {
    const slots = new Slots(1);
    const giveBack = await slots.take(never);
    giveBack();
    giveBack();
    await slots.take(never);
    const controller = new AbortController();
    const second = slots.take(controller.signal);
    controller.abort(new Error('gone'));
    await expect(second).rejects.toThrow('gone');
  });

  it('forgets those who went away while they waited', async () => {
    const slots = new Slots(1);
    const giveBack = await slots.take(never);
    const controller = new AbortController();
    const left = slots.take(controller.signal);
    const stays = slots.take(never);
    controller.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    giveBack();
    await stays;
  });
});
