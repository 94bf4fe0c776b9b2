import { beforeEach, describe, expect, it } from '@jest/globals';
import { openWal, type WalEvent } from './index.js';
import { collect } from './testing/collect.js';
import { FragileDisk, type Operation } from './testing/fragile-disk.js';

const RECORD = 124;

let disk: FragileDisk;
let operations: Operation[];
let events: WalEvent[];

beforeEach(() => {
  disk = new FragileDisk(() => 0.9);
  operations = [];
  events = [];
  disk.failures = (operation) => void operations.push(operation);
});

const open = (on = disk) =>
  openWal({ directory: '/wal', disk: on, segmentBytes: () => 600, onEvent: (event) => events.push(event) });

const count = (wanted: Operation): number => operations.filter((operation) => operation === wanted).length;

/** Appends records of the same size, and trims behind all but the newest: resolves to the positions of those that are left. */
async function filled(): Promise<{ log: Awaited<ReturnType<typeof open>>; left: bigint[] }> {
  const log = await open();
  const positions: bigint[] = [];
  for (let index = 0; index < 60; index++) {
    positions.push(await log.append(Buffer.alloc(100, index + 1)));
    if (index % 8 === 7) await log.trim(positions[index]);
  }
  return { log, left: positions.filter((position) => position >= log.start) };
}

const namesOf = async (ending: string): Promise<string[]> =>
  (await disk.list()).filter((name) => name.endsWith(ending)).sort();

describe('segments that are written again', () => {
  it('take the place of new ones, and are gone when the log is closed', async () => {
    const { log } = await filled();
    expect(count('rename')).toBeGreaterThan(10);
    // Each has a mark besides.
    expect(count('create') - count('rename')).toBeLessThan(16);
    expect((await namesOf('.spare')).length).toBeGreaterThan(0);
    await log.close();
    expect(await namesOf('.spare')).toEqual([]);
  });

  it('have the records of this life alone, and no torn tail', async () => {
    const { log, left } = await filled();
    expect((await collect(log.read())).records.map(({ position }) => position)).toEqual(left);
    // As a SIGKILL leaves it.
    const again = await open();
    const { records, holes } = await collect(again.read());
    expect(records.map(({ position }) => position)).toEqual(left);
    expect(holes).toEqual([]);
    expect(events).toEqual([]);
    expect(await namesOf('.spare')).toEqual([]);
    expect(again.end).toBe(log.end);
    expect(await again.append(Buffer.from('more'))).toBeGreaterThanOrEqual(log.end);
  });

  it('end before a record that was begun: it is told, and is no hole', async () => {
    const { left } = await filled();
    const newest = (await namesOf('.wal')).at(-1)!;
    const last = disk.content(newest).lastIndexOf(Buffer.alloc(100, 60));
    const torn = Buffer.from(disk.content(newest));
    torn[last + 50] ^= 1;
    disk.setContent(newest, torn);
    const again = await open();
    const { records, holes } = await collect(again.read());
    expect(records.map(({ position }) => position)).toEqual(left.slice(0, -1));
    expect(holes).toEqual([]);
    expect(events).toMatchObject([{ type: 'torn-tail', bytes: RECORD + 4 }]);
  });

  it('are none whose sync failed, and none that somebody reads', async () => {
    const { log } = await filled();
    const reading = log.read();
    await reading.next();
    const renamed = count('rename');
    for (let index = 0; index < 8; index++) await log.append(Buffer.alloc(100));
    await log.trim(log.end);
    // The spares from before are used; nothing is put aside.
    expect(count('rename') - renamed).toBeLessThanOrEqual(2);
    await reading.return(undefined);
    const before = (await namesOf('.wal')).at(-1)!;
    while ((await namesOf('.wal')).at(-1) === before) await log.append(Buffer.alloc(100));
    disk.failures = (operation) => {
      operations.push(operation);
      return operation === 'sync' ? 'EIO' : undefined;
    };
    await expect(log.append(Buffer.alloc(100))).rejects.toMatchObject({ code: 'IO' });
    disk.failures = (operation) => void operations.push(operation);
    const failed = (await namesOf('.wal')).at(-1)!;
    expect(failed).not.toBe(before);
    const position = await log.append(Buffer.alloc(100));
    await log.trim(position);
    expect(await namesOf('.wal')).not.toContain(failed);
    expect(await namesOf('.spare')).not.toContain(failed.replace('.wal', '.spare'));
    await log.close();
  });

  it('are not needed: without them, there are new ones', async () => {
    disk.failures = (operation) => {
      operations.push(operation);
      return operation === 'rename' && count('rename') % 2 === 0 ? 'EIO' : undefined;
    };
    const log = await open();
    let position = 0n;
    for (let index = 0; index < 60; index++) {
      position = await log.append(Buffer.alloc(100, index));
      if (index % 8 === 7) await log.trim(position).catch(() => undefined);
    }
    expect((await collect(log.read({ from: position }))).records.at(-1)?.position).toBe(position);
    await log.close();
    expect(await namesOf('.spare')).toEqual([]);
  });
});
