import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EngineEvent } from './engine-options.js';
import { FreeSpace } from './free-space.js';

const MIB = 2 ** 20;
const BLOCK = 4096;

describe('the reserve of space', () => {
  let disk: { free: number; size: number };
  let events: EngineEvent[];
  let time: number;

  beforeEach(() => {
    disk = { free: 50_000 * MIB, size: 100_000 * MIB };
    events = [];
    time = 1_000_000;
  });

  const watch = (reserveBytes?: number) =>
    new FreeSpace(
      {
        baseDirectory: '/store',
        logsDirectory: '/store/logs',
        metricsDirectory: '/store/metrics',
        reserveBytes,
        onEvent: (event) => events.push(event),
        now: () => time,
      },
      () =>
        Promise.resolve({
          bavail: Math.floor(disk.free / BLOCK),
          bsize: BLOCK,
          blocks: Math.floor(disk.size / BLOCK),
        }),
    );

  it('is 256 MiB, or one part in a hundred of a small disk, and is told once, when it is gone and when it is back', async () => {
    const space = watch();
    await space.check();
    disk.free = 255 * MIB;
    // Asked once a second at the most.
    await space.check();
    time += 1_000;
    await expect(space.check()).rejects.toMatchObject({ code: 'NO_SPACE' });
    await expect(space.check()).rejects.toMatchObject({ code: 'NO_SPACE' });
    disk.free = 257 * MIB;
    time += 1_000;
    await space.check();
    expect(events).toEqual([
      { type: 'space-low', freeBytes: 255 * MIB, reserveBytes: 256 * MIB },
      { type: 'space-back', freeBytes: 257 * MIB },
    ]);
    disk = { free: 11 * MIB, size: 1_000 * MIB };
    time += 1_000;
    await space.check();
    disk.free = 9 * MIB;
    time += 1_000;
    await expect(space.check()).rejects.toThrow(`found ${9 * MIB} bytes free, expected ${10 * MIB} at least`);
  });

  it('is what is asked for, but no more than one part in a hundred', async () => {
    disk.free = 500 * MIB;
    await expect(watch(600 * MIB).check()).rejects.toMatchObject({ code: 'NO_SPACE' });
    disk.size = 40_000 * MIB;
    await watch(600 * MIB).check();
    disk.free = 0;
    await watch(0).check();
  });

  it('makes segments of the log smaller on a disk that is nearly full', async () => {
    const space = watch();
    disk.free = 320 * MIB;
    await space.check();
    expect(space.segmentBytes(64 * MIB)).toBe(20 * MIB);
    expect(space.segmentBytes(MIB / 2)).toBe(MIB / 2);
  });
});
