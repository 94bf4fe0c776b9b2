import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { openWal, WalError, type WalEvent, type WalOptions } from './index.js';
import { collect } from './testing/collect.js';
import { FragileDisk, type Operation } from './testing/fragile-disk.js';

const DIRECTORY = '/wal';
const disk = () => new FragileDisk(() => 0.9);

/** A log whose disk counts what it is asked. */
async function counted(options: Partial<WalOptions> = {}) {
  const fragile = disk();
  const counts: Partial<Record<Operation, number>> = {};
  const events: WalEvent[] = [];
  const onEvent = (event: WalEvent): void => void events.push(event);
  const log = await openWal({ directory: DIRECTORY, disk: fragile, onEvent, ...options });
  fragile.failures = (operation) => {
    counts[operation] = (counts[operation] ?? 0) + 1;
    return undefined;
  };
  return { disk: fragile, log, counts, events };
}

const text = (value: string) => Buffer.from(value);

describe('WriteAheadLog', () => {
  it('gives back what was appended, in order, with growing positions', async () => {
    const { log, disk: ours } = await counted();
    const first = await log.append(text('a'));
    const second = await log.append([text('b'), text(''), text('cd')]);
    expect(second).toBeGreaterThan(first);
    await log.close();
    const again = await openWal({ directory: DIRECTORY, disk: ours });
    const { records, holes } = await collect(again.read());
    expect(records.map(({ payload }) => payload.toString())).toEqual(['a', 'bcd']);
    expect(records.map(({ position }) => position)).toEqual([first, second]);
    expect(records[0].end).toBe(second);
    expect(again.end).toBe(records[1].end);
    expect(holes).toEqual([]);
    expect((await collect(again.read({ from: second }))).records).toHaveLength(1);
    expect(await again.append(text('e'))).toBe(again.end - 32n);
  });

  it('never uses a position again that it is told of, also when the log was taken away', async () => {
    const { log, disk: ours } = await counted({ usedUpTo: 1_001n });
    const first = await log.append(text('a'));
    expect(first).toBe(1_008n);
    await log.close();
    const again = await openWal({ directory: DIRECTORY, disk: ours, usedUpTo: 500n });
    const second = await again.append(text('b'));
    expect(second).toBeGreaterThan(first);
    const { records, holes } = await collect(again.read());
    expect(records.map(({ position }) => position)).toEqual([first, second]);
    expect(holes).toEqual([]);
    expect((await collect(again.read({ from: 500n }))).holes).toHaveLength(1);
  });

  it.each(['create', 'write', 'sync', 'syncDirectory'] as const)(
    'tells of no hole when its first segment could not be made (%s)',
    async (operation) => {
      for (const isAppended of [true, false]) {
        const { log, disk: ours } = await counted();
        ours.failures = (asked) => (asked === operation ? 'ENOSPC' : undefined);
        await expect(log.append(text('refused'))).rejects.toMatchObject({ code: 'NO_SPACE' });
        ours.failures = () => undefined;
        if (isAppended) await log.append(text('kept'));
        await log.close();
        const again = await openWal({ directory: DIRECTORY, disk: ours });
        const { records, holes } = await collect(again.read({ from: 0n }));
        expect(records.map(({ payload }) => payload.toString())).toEqual(isAppended ? ['kept'] : []);
        expect(holes).toEqual([]);
      }
    },
  );

  it('commits all that came meanwhile with one write and one sync', async () => {
    const { log, counts } = await counted();
    await log.append(text('opens the segment'));
    const before = { ...counts };
    const first = log.append(text('0'));
    const rest = Array.from({ length: 500 }, (_, index) => log.append(text(`${index}`)));
    await Promise.all([first, ...rest]);
    // All were appended in one turn: one write of 2 × 500 buffers, or more, in as many calls as that takes.
    expect(counts.sync! - before.sync!).toBe(1);
    expect(counts.syncDirectory! - before.syncDirectory!).toBe(0);
  });

  it('resolves appends in the order of the calls', async () => {
    const { log } = await counted({ segmentBytes: () => 2_000 });
    const order: number[] = [];
    const sizes = Array.from({ length: 200 }, (_, index) => (index * 37) % 900);
    for (let wave = 0; wave < sizes.length; wave += 8) {
      const numbers = sizes.slice(wave, wave + 8).map((_, index) => wave + index);
      const appends = numbers.map((number) =>
        log.append(Buffer.alloc(sizes[number])).then(() => order.push(number)),
      );
      // The next wave begins while this one is under way.
      await appends[0];
    }
    await log.append(text('last'));
    expect(order).toEqual(sizes.map((_, index) => index));
    expect(log.segments).toBeGreaterThan(10);
  });

  it.each([
    ['write', 'EIO', 'IO'],
    ['sync', 'EIO', 'IO'],
    ['write', 'ENOSPC', 'NO_SPACE'],
    ['create', 'EDQUOT', 'NO_SPACE'],
    ['syncDirectory', 'EIO', 'IO'],
  ] as const)(
    'refuses what %s failed for (%s), and goes on in a new segment',
    async (operation, code, expected) => {
      const { log, disk: ours, events } = await counted({ segmentBytes: () => 150 });
      const kept = await log.append(Buffer.alloc(120, 'kept'));
      ours.failures = (asked) => (asked === operation ? code : undefined);
      const refused = await Promise.allSettled([log.append(text('one')), log.append(text('two'))]);
      for (const result of refused) {
        expect(result).toMatchObject({ status: 'rejected', reason: { name: 'WalError', code: expected } });
        expect(String((result as PromiseRejectedResult).reason)).toContain(
          `appending to the log in ${DIRECTORY}: ${code}`,
        );
      }
      ours.failures = () => undefined;
      const after = await log.append(text('after'));
      const { records, holes } = await collect(log.read());
      expect(records.map(({ position }) => position)).toEqual([kept, after]);
      expect(holes).toEqual([]);
      expect(events.every(({ type }) => type === 'segment-failed')).toBe(true);
      await log.close();
      const again = await openWal({ directory: DIRECTORY, disk: ours });
      expect((await collect(again.read())).records.map(({ position }) => position)).toEqual([kept, after]);
    },
  );

  it('trims whole segments, oldest first, and never the newest', async () => {
    const { log, disk: ours } = await counted({ segmentBytes: () => 300 });
    const positions: bigint[] = [];
    for (let index = 0; index < 20; index++) positions.push(await log.append(Buffer.alloc(100)));
    const all = log.segments;
    await log.trim(positions[9]);
    expect(log.segments).toBeLessThan(all);
    expect(log.start).toBeLessThanOrEqual(positions[9]);
    const left = (await collect(log.read())).records.map(({ position }) => position);
    expect(left).toEqual(positions.slice(-left.length));
    expect(left).toContain(positions[9]);
    await log.trim(log.end + 1_000n);
    expect(log.segments).toBe(1);
    await log.close();
    // Positions go on, although nearly all is gone.
    const again = await openWal({ directory: DIRECTORY, disk: ours });
    expect(await again.append(text('x'))).toBeGreaterThan(positions[19]);
  });

  it('keeps out what it refused, also when nothing could be removed then, and the next segment is trimmed', async () => {
    const { log, disk: ours } = await counted({ segmentBytes: () => 300 });
    ours.failures = (operation) => (operation === 'sync' || operation === 'remove' ? 'EIO' : undefined);
    await expect(log.append(text('refused'))).rejects.toMatchObject({ code: 'IO' });
    ours.failures = () => undefined;
    let position = 0n;
    for (let index = 0; index < 10; index++) position = await log.append(Buffer.alloc(100));
    await log.trim(position);
    const again = await openWal({ directory: '/wal', disk: ours });
    const { records } = await collect(again.read());
    expect(records.map(({ payload }) => payload.toString())).not.toContain('refused');
    expect(again.start).toBeGreaterThan(0n);
  });

  it('keeps out what it refused, also when it is closed without another append', async () => {
    const { log, disk: ours } = await counted();
    await log.append(text('kept'));
    ours.failures = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    await expect(log.append(text('refused'))).rejects.toMatchObject({ code: 'IO' });
    ours.failures = () => undefined;
    await log.close();
    const again = await openWal({ directory: DIRECTORY, disk: ours });
    expect((await collect(again.read())).records.map(({ payload }) => payload.toString())).toEqual(['kept']);
  });

  it('does not write to a segment again that a sync of its own has failed for', async () => {
    const { log, disk: ours, events } = await counted({ sync: 'never' });
    await log.append(text('one'));
    ours.failures = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    await expect(log.sync()).rejects.toMatchObject({ code: 'IO' });
    ours.failures = () => undefined;
    await log.append(text('two'));
    expect(log.segments).toBe(2);
    expect(events).toMatchObject([{ type: 'segment-failed' }]);
    expect((await collect(log.read())).records).toHaveLength(2);
  });

  it('with `interval` syncs while appends go on without a pause, and each segment before the next', async () => {
    const { log, counts } = await counted({ sync: 'interval', syncIntervalMs: 1 });
    // The next append always begins before the one before has ended.
    let last = log.append(text('x'));
    while ((counts.sync ?? 0) < 3) {
      const next = log.append(text('x'));
      await last;
      await setImmediate();
      last = next;
    }
    expect(log.segments).toBe(1);
    await last;
    const never = await counted({ sync: 'never', segmentBytes: () => 1_000 });
    for (let index = 0; index < 10; index++) await never.log.append(Buffer.alloc(800));
    expect(never.counts.sync).toBe(9);
  });

  it('leaves no files behind where nothing can be written', async () => {
    const { log, disk: ours } = await counted();
    await log.append(text('kept'));
    const before = (await ours.list()).length;
    for (const operation of ['write', 'sync', 'syncDirectory'] as const) {
      ours.failures = (asked) => (asked === operation ? 'ENOSPC' : undefined);
      for (let count = 0; count < 20; count++)
        await expect(log.append(text('x'))).rejects.toMatchObject({ code: 'NO_SPACE' });
      expect((await ours.list()).length).toBe(before);
    }
  });

  it('tells a reader that a segment was trimmed under its eyes, and that the disk fails', async () => {
    const { log, disk: ours } = await counted({ segmentBytes: () => 150 });
    const positions: bigint[] = [];
    for (let index = 0; index < 6; index++) positions.push(await log.append(Buffer.alloc(100)));
    const reading = log.read();
    await reading.next();
    await log.trim(log.end);
    const { records, holes } = await collect(reading);
    expect(records.map(({ position }) => position)).toEqual([positions[5]]);
    expect(holes.map(({ reason }) => reason)).toContainEqual(
      expect.stringContaining('is not there any more'),
    );
    ours.failures = (operation) => (operation === 'open' ? 'EIO' : undefined);
    await expect(collect(log.read())).rejects.toMatchObject({ code: 'IO' });
  });

  it('bounds what waits, but takes a record of any size alone', async () => {
    const { log } = await counted({ pendingBytesMax: 1_000 });
    const large = log.append(Buffer.alloc(5_000));
    await expect(log.append(text('x'))).rejects.toMatchObject({
      code: 'QUEUE_FULL',
      message: expect.stringMatching(/^appending 32 bytes: 5024 bytes wait already, expected at most 1000$/),
    });
    expect(log.pendingBytes).toBe(5_024);
    await large;
    expect(log.pendingBytes).toBe(0);
    await log.append(text('x'));
  });

  it('closes behind what is under way, and refuses what comes later', async () => {
    const { log, disk: ours } = await counted();
    const last = log.append(text('last'));
    await log.close();
    await last;
    await expect(log.append(text('late'))).rejects.toMatchObject({ code: 'CLOSED' });
    await log.close();
    const again = await openWal({ directory: DIRECTORY, disk: ours });
    expect((await collect(again.read())).records).toHaveLength(1);
  });

  it('syncs when it is told, with `never`, and by the timer and at the end, with `interval`', async () => {
    const never = await counted({ sync: 'never' });
    await never.log.append(text('x'));
    expect(never.counts.sync ?? 0).toBe(0);
    await never.log.sync();
    expect(never.counts.sync).toBe(1);

    const interval = await counted({ sync: 'interval', syncIntervalMs: 1 });
    let synced = (): void => undefined;
    const whenSynced = new Promise<void>((resolve) => (synced = resolve));
    interval.disk.failures = (operation) => {
      if (operation === 'sync') synced();
      return undefined;
    };
    await interval.log.append(text('x'));
    await whenSynced;

    const atTheEnd = await counted({ sync: 'interval', syncIntervalMs: 1_000_000 });
    await atTheEnd.log.append(text('x'));
    expect(atTheEnd.counts.sync ?? 0).toBe(0);
    await atTheEnd.log.close();
    expect(atTheEnd.counts.sync).toBe(1);
  });

  it('rejects with WalError when it cannot be opened, and lets bugs be bugs', async () => {
    const broken = disk();
    broken.failures = () => 'EACCES';
    const opening = openWal({ directory: DIRECTORY, disk: broken });
    await expect(opening).rejects.toBeInstanceOf(WalError);
    await expect(opening).rejects.toThrow(/^opening the log in \/wal: EACCES/);
    const { log } = await counted();
    await expect(log.append(Array(1_100).fill(Buffer.alloc(2 ** 20)))).rejects.toThrow(TypeError);
  });
});
