import { expect, it } from '@jest/globals';
import { applyCreate, newJob, type JobRecord } from '@joblet/state-store';
import { RECENT_BYTES_MAX } from './limits.js';
import { RecentRecords } from './recent-records.js';

const record = (uuid: string, length = 0): JobRecord =>
  applyCreate(undefined, newJob({ uuid, filler: 'x'.repeat(length) }), 0);

it('has what was written last, and forgets what is no longer there', () => {
  const recent = new RecentRecords();
  recent.write('a', record('a'));
  const second = record('a', 5);
  recent.write('a', second);
  expect(recent.get('a')).toBe(second);
  recent.write('a', undefined);
  expect(recent.get('a')).toBeUndefined();
});

it('does not take what was read before a write, of this record or of another, or before it was cleared', () => {
  const recent = new RecentRecords();
  const keep = recent.reader();
  keep('a', record('a'));
  expect(recent.get('a')).toBeDefined();
  recent.write('b', record('b'));
  recent.write('b', undefined);
  keep('b', record('b'));
  expect(recent.get('b')).toBeUndefined();
  const late = recent.reader();
  recent.clear();
  late('a', record('a'));
  expect(recent.get('a')).toBeUndefined();
});

it('drops the least recently used ones when they take too much', () => {
  const recent = new RecentRecords();
  const third = RECENT_BYTES_MAX / 3 - 1_000;
  for (const uuid of ['a', 'b', 'c']) recent.write(uuid, record(uuid, third));
  recent.get('a');
  recent.write('d', record('d', third));
  expect(['a', 'b', 'c', 'd'].filter((uuid) => recent.get(uuid) !== undefined)).toEqual(['a', 'c', 'd']);
  recent.write('e', record('e', RECENT_BYTES_MAX));
  expect(['a', 'b', 'c', 'd', 'e'].filter((uuid) => recent.get(uuid) !== undefined)).toEqual([]);
});
