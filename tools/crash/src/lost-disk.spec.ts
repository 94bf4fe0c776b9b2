import { describe, expect, it } from '@jest/globals';
import { LostDisk } from './lost-disk.mjs';
import { readTrace } from './trace.mjs';

const hex = (text: string) =>
  `"${[...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
const path = (name: string) => hex(`/store/${name}`);

/** The disk after these lines of a trace. */
function diskAfter(...lines: string[]): LostDisk {
  const disk = new LostDisk('/store');
  for (const event of readTrace(lines.join('\n'))) disk.take(event);
  return disk;
}

const left = (disk: LostDisk, keeps: (kind: string) => boolean) =>
  Object.fromEntries([...disk.losePower(keeps)].map(([name, content]) => [name, content.toString()]));
const nothing = () => false;
const everything = () => true;

const MADE = `7 openat(AT_FDCWD, ${path('a')}, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0600) = 20`;
const WRITTEN = `7 pwrite64(20, ${hex('hello')}, 5, 0) = 5`;
const SYNCED = '7 fdatasync(20) = 0';
const ROOT_OPENED = `7 openat(AT_FDCWD, ${hex('/store/.')}, O_RDONLY|O_CLOEXEC) = 21`;
const ROOT_SYNCED = '7 fsync(21) = 0';

describe('a disk that loses power', () => {
  it('keeps nothing without its syncs, and everything with luck', () => {
    const disk = diskAfter(MADE, WRITTEN);
    expect(left(disk, nothing)).toEqual({});
    expect(left(disk, everything)).toEqual({ a: 'hello' });
    expect(left(disk, (kind) => kind === 'name')).toEqual({ a: '' });
    expect(left(disk, (kind) => kind !== 'page')).toEqual({ a: '\0'.repeat(5) });
  });

  it('keeps what is synced, data and names each for itself', () => {
    expect(left(diskAfter(MADE, WRITTEN, SYNCED), nothing)).toEqual({});
    expect(left(diskAfter(MADE, WRITTEN, ROOT_OPENED, ROOT_SYNCED), nothing)).toEqual({ a: '' });
    expect(left(diskAfter(MADE, WRITTEN, SYNCED, ROOT_OPENED, ROOT_SYNCED), nothing)).toEqual({ a: 'hello' });
    expect(
      left(diskAfter(MADE, WRITTEN, '7 fdatasync(20) = -1 EIO (Input/output error) (INJECTED)'), nothing),
    ).toEqual({});
  });

  it('does not count on a sync for a write that had not ended when it began, nor before it has ended itself', () => {
    const write = [`8 pwrite64(20, ${hex('hello')}, 5, 0 <unfinished ...>`, '8 <... pwrite64 resumed>) = 5'];
    const names = [ROOT_OPENED, ROOT_SYNCED];
    expect(left(diskAfter(MADE, ...names, write[0], SYNCED, write[1]), nothing)).toEqual({ a: '' });
    expect(left(diskAfter(MADE, ...names, ...write, '7 fdatasync(20 <unfinished ...>'), nothing)).toEqual({
      a: '',
    });
    expect(left(diskAfter(MADE, ...names, ...write, SYNCED), nothing)).toEqual({ a: 'hello' });
  });

  it('tears a write at the borders of pages', () => {
    const bytes = 'a'.repeat(4_096) + 'b'.repeat(4_096);
    const disk = diskAfter(MADE, `7 pwrite64(20, ${hex(bytes)}, 8192, 0) = 8192`, ROOT_OPENED, ROOT_SYNCED);
    let pages = 0;
    expect(left(disk, (kind) => kind === 'page' && ++pages === 2)).toEqual({
      a: '\0'.repeat(4_096) + 'b'.repeat(4_096),
    });
  });

  it('renames as one, durable when both folders are synced; a short write is as long as it was', () => {
    const folder = [`7 mkdir(${path('f')}, 0700) = 0`, ROOT_OPENED, ROOT_SYNCED];
    const moved = `7 rename(${path('a')}, ${path('f/b')}) = 0`;
    const short = `7 pwrite64(20, ${hex('hello')}, 5, 0) = 2`;
    const disk = diskAfter(MADE, short, SYNCED, ...folder, moved, ROOT_SYNCED);
    expect([...disk.losePower(nothing).keys()]).toEqual(['a', 'f']);
    expect([...disk.losePower(everything).keys()]).toEqual(['f']);
    for (const line of [`7 openat(AT_FDCWD, ${path('f')}, O_RDONLY) = 22`, '7 fsync(22) = 0'])
      for (const event of readTrace(line)) disk.take(event);
    expect([...disk.losePower(nothing).keys()]).toEqual(['f']);
    expect((disk.losePower(nothing).get('f') as Map<string, Buffer>).get('b')?.toString()).toBe('he');
  });

  it('refuses what it does not know', () => {
    expect(() => diskAfter(`7 link(${path('a')}, ${path('b')}) = 0`)).toThrow('does not know link');
    expect(() => diskAfter(`7 link(${hex('/elsewhere/a')}, ${hex('/elsewhere/b')}) = 0`)).not.toThrow();
  });
});
