import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { inspectSegment, inspectWal, type LogItem } from './inspect-wal.js';
import { openWal } from './open-wal.js';
import type { WalEvent } from './wal-event.js';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'joblet-inspect-wal-'));
});

afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function all(items: AsyncIterable<LogItem>): Promise<string[]> {
  const found: string[] = [];
  for await (const item of items) {
    if (item.kind === 'record') found.push(item.payload.toString());
    else if (item.kind === 'hole') found.push(`hole ${item.to - item.from}`);
    else found.push(item.kind === 'tail' ? `tail ${item.bytes}` : 'segment');
  }
  return found;
}

it('finds nothing where no log is', async () => {
  expect(await all(inspectWal({ directory }))).toEqual([]);
  await expect(all(inspectWal({ directory: join(directory, 'none') }))).rejects.toMatchObject({ code: 'IO' });
});

it('sees a log as it is beside the one who has it open, holes and a torn tail, and changes nothing', async () => {
  const log = await openWal({ directory, segmentBytes: () => 240 });
  const records = ['first', 'second', 'x'.repeat(100), 'fourth'];
  for (const record of records) await log.append(Buffer.from(record));
  const expected = ['segment', 'first', 'second', 'segment', records[2], 'fourth'];
  expect(await all(inspectWal({ directory }))).toEqual(expected);

  const paths = (await readdir(directory)).filter((name) => name.endsWith('.wal')).sort();
  const [oldest, newest] = paths.map((name) => join(directory, name));
  const bytes = await readFile(oldest);
  bytes[bytes.indexOf('second')] ^= 1;
  await writeFile(oldest, bytes);
  await appendFile(newest, 'torn');
  const damaged = ['segment', 'first', 'hole 32', 'segment', records[2], 'fourth', 'tail 4'];
  const before = await readFile(newest);
  expect(await all(inspectWal({ directory }))).toEqual(damaged);
  expect((await readFile(newest)).equals(before)).toBe(true);

  const alone = await inspectSegment(newest);
  expect(alone && (await all(alone))).toEqual(damaged.slice(3));
  await writeFile(newest, 'no segment');
  expect(await inspectSegment(newest)).toBeUndefined();
  await log.close();
  await rm(newest);
  expect(await all(inspectWal({ directory }))).toEqual(['segment', 'first', 'hole 32', 'hole 8']);
  await rm(oldest);
  expect(await all(inspectWal({ directory }))).toEqual(['hole 8']);
});

it('tells a segment that cannot be read, and sees all others', async () => {
  const log = await openWal({ directory, segmentBytes: () => 240 });
  const records = ['first', 'x'.repeat(150), 'y'.repeat(150), 'last'];
  for (const record of records) await log.append(Buffer.from(record));
  await log.close();
  const paths = (await readdir(directory)).filter((name) => name.endsWith('.wal')).sort();
  expect(paths).toHaveLength(records.length);
  for (const path of [join(directory, paths[1]), join(directory, 'id')]) {
    await rm(path);
    await mkdir(path);
  }
  const told: string[] = [];
  const onEvent = (event: WalEvent) => {
    if (event.type === 'foreign-segment') told.push(`${basename(event.path)}: ${event.reason}`);
  };
  const found = await all(inspectWal({ directory, onEvent }));
  expect(told.sort()).toEqual([`${paths[1]}: it is no file`, 'id: it is no file']);
  expect(found.filter((item) => !item.startsWith('hole'))).toEqual([
    ...['segment', records[0]],
    ...['segment', records[2]],
    ...['segment', records[3]],
  ]);
  expect(found.some((item) => item.startsWith('hole'))).toBe(true);
});
