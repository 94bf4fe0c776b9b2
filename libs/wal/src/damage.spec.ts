import { beforeEach, describe, expect, it } from '@jest/globals';
import { openWal, type WalEvent } from './index.js';
import { SEGMENT_HEADER_BYTES } from './segment-header.js';
import { collect, randomFrom } from './testing/collect.js';
import { FragileDisk } from './testing/fragile-disk.js';

const DIRECTORY = '/wal';
/** Sizes with and without padding, empty ones, and one larger than a segment. */
const SIZES = [0, 1, 7, 8, 100, 9, 300, 520, 24, 0, 31];

let disk: FragileDisk;
let events: WalEvent[];
let payloads: Buffer[];
let positions: bigint[];

/** Three segments and more, each with several records. */
beforeEach(async () => {
  disk = new FragileDisk(() => 0.9);
  events = [];
  const log = await open();
  payloads = SIZES.map((size, index) => Buffer.alloc(size, index + 1));
  positions = [];
  for (const payload of payloads) positions.push(await log.append(payload));
  await log.close();
});

function open(more: { segmentBytes?: () => number } = {}) {
  const onEvent = (event: WalEvent): void => void events.push(event);
  return openWal({ directory: DIRECTORY, disk, segmentBytes: () => 500, onEvent, ...more });
}

async function segmentNames(): Promise<string[]> {
  return (await disk.list()).filter((name) => name.endsWith('.wal')).sort();
}

/** What a log that is opened now gives; nothing in it is invented, and it accounts for every position. */
async function readAll() {
  const log = await open();
  const { records, holes } = await collect(log.read());
  for (const { payload, position } of records) {
    const index = positions.indexOf(position);
    expect(index).toBeGreaterThanOrEqual(0);
    expect(payload.equals(payloads[index])).toBe(true);
  }
  const numbers = records.map(({ position }) => positions.indexOf(position));
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  const lost = positions.filter((_, index) => !numbers.includes(index) && positions[index] < log.end);
  for (const position of lost) {
    const isBeforeStart = position < log.start;
    expect(isBeforeStart || holes.some(({ from, to }) => from <= position && position < to)).toBe(true);
  }
  const { start, end } = log;
  await log.close();
  return { numbers, holes, start, end };
}

describe('a damaged log', () => {
  it('is whole before it is damaged', async () => {
    expect((await segmentNames()).length).toBeGreaterThan(3);
    expect(await readAll()).toMatchObject({ numbers: SIZES.map((_, index) => index), holes: [] });
    expect(events).toEqual([]);
  });

  it('cut at every byte: the newest segment ends there, and says so once; an older one has a hole', async () => {
    const names = await segmentNames();
    const whole = names.map((name) => disk.content(name));
    for (const [at, name] of names.entries()) {
      for (let length = 0; length < whole[at].length; length++) {
        names.forEach((other, index) => disk.setContent(other, whole[index]));
        disk.setContent(name, whole[at].subarray(0, length));
        events = [];
        const { numbers, holes, start } = await readAll();
        const isNewest = at === names.length - 1;
        // Without its header it is none: that one is missing is known all the same.
        if (isNewest) expect(holes.length).toBe(length < SEGMENT_HEADER_BYTES ? 1 : 0);
        else if (numbers.length < SIZES.length) expect(holes.length > 0 || start > 0n).toBe(true);
        const known = events.length;
        await readAll();
        // A torn tail was cut off: there is nothing more to say. What is foreign stays, and is told again.
        if (isNewest) expect(events.filter(({ type }) => type === 'torn-tail').length).toBeLessThanOrEqual(1);
        expect(events.length).toBeLessThanOrEqual(2 * known);
      }
    }
  });

  it('any byte changed: all other records are there', async () => {
    const names = await segmentNames();
    for (const name of names) {
      const whole = disk.content(name);
      for (let at = 0; at < whole.length; at++) {
        const damaged = Buffer.from(whole);
        damaged[at] ^= 0x55;
        disk.setContent(name, damaged);
        const { numbers } = await readAll();
        expect(numbers.length).toBeGreaterThanOrEqual(SIZES.length - 1);
        disk.setContent(name, whole);
      }
    }
  });

  it('pages zeroed, filled with noise, or with another page: what is outside of them is there', async () => {
    const random = randomFrom(7);
    const names = await segmentNames();
    const fills = [() => 0, () => 0xff, () => Math.floor(random() * 256)];
    for (const name of names) {
      const whole = disk.content(name);
      for (let page = 0; page < whole.length; page += 128) {
        const copies = [...fills.map((fill) => Buffer.alloc(128).map(fill)), whole.subarray(64, 192)];
        for (const copy of copies) {
          const damaged = Buffer.from(whole);
          damaged.set(copy.subarray(0, whole.length - page), page);
          disk.setContent(name, damaged);
          await readAll();
        }
      }
      disk.setContent(name, whole);
    }
  });

  it('a segment missing in the middle is a hole, and one missing at the beginning is the start', async () => {
    const names = await segmentNames();
    const whole = names.map((name) => disk.content(name));
    for (const [at, name] of names.slice(0, -1).entries()) {
      disk.delete(name);
      const { numbers, holes, start } = await readAll();
      expect(numbers.length).toBeLessThan(SIZES.length);
      expect(holes.length).toBe(at === 0 ? 0 : 1);
      if (at === 0) {
        const log = await open();
        const { holes: asked } = await collect(log.read({ from: 0n }));
        expect(asked).toMatchObject([{ from: 0n, to: start }]);
        await log.close();
      }
      disk.setContent(name, whole[at]);
    }
  });

  it('the newest segment missing is a hole, for good, whatever is missing besides', async () => {
    const names = await segmentNames();
    for (const name of [...names].reverse()) {
      disk.delete(name);
      const { numbers, holes, start, end } = await readAll();
      expect(holes.length).toBeGreaterThan(0);
      expect(numbers.length === 0 || holes[0].from > positions[numbers.length - 1]).toBe(true);
      expect(await readAll()).toEqual({ numbers, holes, start, end });
    }
    const log = await open();
    positions.push(await log.append(Buffer.from('more')));
    payloads.push(Buffer.from('more'));
    await log.close();
    const { numbers, holes } = await readAll();
    // It was told; from here on, the log starts there.
    expect([numbers, holes]).toEqual([[SIZES.length], []]);
    expect(events).toEqual([]);
  });

  it('another file in place of the newest segment is a hole too, and left where it is', async () => {
    const other = new FragileDisk(() => 0.9);
    const log = await openWal({ directory: DIRECTORY, disk: other });
    await log.append(Buffer.from('of another log'));
    await log.close();
    const [foreign] = (await other.list()).filter((name) => name.endsWith('.wal'));
    const newest = (await segmentNames()).at(-1)!;
    disk.setContent(newest, other.content(foreign));
    const { numbers, holes } = await readAll();
    expect(numbers.length).toBeLessThan(SIZES.length);
    expect(holes.length).toBe(1);
    expect(holes[0].from).toBeGreaterThan(positions[numbers.length - 1]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'foreign-segment' }));
    expect(disk.content(newest)).toEqual(other.content(foreign));
  });

  it('segments with swapped names are read in their order', async () => {
    const [first, second] = await segmentNames();
    const contents = [disk.content(second), disk.content(first)];
    [first, second].forEach((name, index) => disk.setContent(name, contents[index]));
    expect((await readAll()).numbers).toEqual(SIZES.map((_, index) => index));
  });

  it('a segment of another log, a copy of one, and a file that is none are told and left alone', async () => {
    const other = new FragileDisk(() => 0.9);
    const log = await openWal({ directory: DIRECTORY, disk: other });
    await log.append(Buffer.from('not ours'));
    await log.close();
    const [foreign] = (await other.list()).filter((name) => name.endsWith('.wal'));
    const [first] = await segmentNames();
    const strange = {
      '00000000000fffff.wal': other.content(foreign),
      '00000000000ffffe.wal': disk.content(first),
      '00000000000ffffd.wal': Buffer.alloc(1_000, 'text'),
      'notes.txt': Buffer.from('mine'),
    };
    for (const [name, content] of Object.entries(strange)) disk.setContent(name, content);
    expect((await readAll()).numbers).toEqual(SIZES.map((_, index) => index));
    expect(events.map(({ type }) => type)).toEqual(Array(3).fill('foreign-segment'));
    const again = await open();
    const position = await again.append(Buffer.from('more'));
    expect((await collect(again.read({ from: position }))).records).toHaveLength(1);
    await again.close();
    for (const [name, content] of Object.entries(strange))
      expect(disk.content(name).equals(content)).toBe(true);
  });

  it('without its id, or with a damaged one, it goes on as the same log', async () => {
    for (const damage of [() => disk.delete('id'), () => disk.setContent('id', Buffer.from('xyz'))]) {
      damage();
      expect((await readAll()).numbers).toHaveLength(SIZES.length);
      expect(disk.content('id').toString()).toMatch(/^[0-9a-f]{32}\n$/);
    }
  });

  it('zeros behind the end, as file systems leave them, are nothing', async () => {
    const newest = (await segmentNames()).at(-1)!;
    disk.setContent(newest, Buffer.concat([disk.content(newest), Buffer.alloc(5_000)]));
    expect((await readAll()).numbers).toHaveLength(SIZES.length);
    expect(events).toEqual([]);
  });
});
