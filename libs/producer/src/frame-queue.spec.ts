import { describe, expect, it } from '@jest/globals';
import { FrameQueue } from './frame-queue.js';

function message(size: number, value: number): Uint8Array {
  return new Uint8Array(size).fill(value);
}

describe('FrameQueue', () => {
  it('packs frames into blocks and counts them', () => {
    const queue = new FrameQueue();
    for (const value of [1, 2, 3]) queue.push(message(30_000, value));
    expect([queue.rows, queue.bytes]).toEqual([3, 90_012]);
    const block = queue.take();
    expect([block?.rows, block?.length]).toEqual([2, 60_008]);
    queue.remove();
    expect([queue.rows, queue.bytes]).toEqual([1, 30_004]);
    expect(queue.take()?.bytes[4]).toBe(3);
  });

  it('adds nothing to a block that was taken, and gives it again until it is removed', () => {
    const queue = new FrameQueue();
    queue.push(message(10, 1));
    const block = queue.take();
    queue.push(message(10, 2));
    expect(queue.take()).toBe(block);
    expect(block).toMatchObject({ rows: 1, length: 14 });
    queue.remove();
    queue.push(message(10, 3));
    expect(queue.take()).toMatchObject({ rows: 2, length: 28 });
    queue.remove();
    expect(queue.take()).toBeUndefined();
    queue.push(message(10, 4));
    queue.push(message(10, 5));
    expect(queue.take()).toMatchObject({ rows: 2 });
  });

  it('gives a large frame a block of its own', () => {
    const queue = new FrameQueue();
    queue.push(message(10, 1));
    queue.push(message(100_000, 2));
    queue.push(message(10, 3));
    const sizes: (number | undefined)[] = [];
    while (queue.rows > 0) {
      sizes.push(queue.take()?.length);
      queue.remove();
    }
    expect(sizes).toEqual([14, 100_004, 14]);
  });
});
