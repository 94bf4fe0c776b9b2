import type { SortedPlace } from './sorted-place.js';

/**
 * Every key on the disk. The parts of a key are separated by NUL, which no uuid and no name has, so that LevelDB's order,
 * that of the bytes, is the order of the parts.
 *
 * - `format`: FORMAT
 * - `b` slot: the number of a batch, see batch-numbers.ts
 * - `j` uuid: a record, see record-value.ts
 * - `t` expiry uuid: nothing; a tombstone, by the time when it expires
 * - an index, a time, a uuid: a summary, see summary.ts
 */
export const FORMAT_KEY = 'format';

export const FORMAT = '1';

const SEPARATOR = '\0';
/** Comes right behind every key that continues behind a separator. */
const BEHIND_SEPARATOR = '\x01';

/** Keys with a common beginning: from `prefix` on, which no key is, up to `end`. */
export interface KeyRange {
  readonly prefix: string;
  readonly end: string;
}

function rangeOf(...parts: readonly string[]): KeyRange {
  const start = parts.join(SEPARATOR);
  return { prefix: start + SEPARATOR, end: start + BEHIND_SEPARATOR };
}

export const batches = rangeOf('b');
export const records = rangeOf('j');
export const tombstones = rangeOf('t');

/** In the order of createdAt, all jobs or some of them. */
export const byCreation = rangeOf('c');
export const ofStatus = (status: string): KeyRange => rangeOf('s', status);
export const ofNode = (nodeId: string): KeyRange => rangeOf('n', nodeId);
export const ofOwner = (owner: string): KeyRange => rangeOf('o', owner);

/** In the order of updatedAt; its entries tell more, see summary.ts. */
export const byUpdate = rangeOf('u');

/** Where every entry of an index is. */
export const indexes: readonly KeyRange[] = ['c', 's', 'n', 'o', 'u', 't'].map((letter) => rangeOf(letter));

export function batchKey(slot: number): string {
  return batches.prefix + String(slot);
}

export function recordKey(uuid: string): string {
  return records.prefix + uuid;
}

export function tombstoneKey(expiresAt: number, uuid: string): string {
  return tombstones.prefix + String(expiresAt).padStart(16, '0') + SEPARATOR + uuid;
}

export function entryKey(index: KeyRange, time: string, uuid: string): string {
  return index.prefix + time + SEPARATOR + uuid;
}

/** Before every key of the index with this time, and behind those with an earlier one. */
export function timeStart(index: KeyRange, time: string): string {
  return index.prefix + time + SEPARATOR;
}

/** The keys of the index with just this time. */
export function ofTime(index: KeyRange, time: string): KeyRange {
  return { prefix: timeStart(index, time), end: index.prefix + time + BEHIND_SEPARATOR };
}

/** Time and uuid of an index entry's key. */
export function placeOf(index: KeyRange, key: string): SortedPlace {
  const separator = key.indexOf(SEPARATOR, index.prefix.length);
  return { time: key.slice(index.prefix.length, separator), uuid: key.slice(separator + 1) };
}

/** When the tombstone of this key expires, and whose it is. */
export function tombstoneOf(key: string): { readonly expiresAt: number; readonly uuid: string } {
  const { time, uuid } = placeOf(tombstones, key);
  return { expiresAt: Number(time), uuid };
}
