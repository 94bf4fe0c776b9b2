import type { ClassicLevel } from 'classic-level';
import { entryKey, ofTime, placeOf, timeStart, type KeyRange } from './keys.js';
import { SCANNED_ENTRIES_MAX } from './limits.js';
import { scan, type ScanOptions } from './scan.js';
import type { SortedPlace } from './sorted-place.js';
import { decodeSummary, type Summary } from './summary.js';

export interface IndexEntry extends SortedPlace {
  readonly summary: Summary;
}

/** What a walk looks at: one state of the database. */
export interface View {
  readonly level: ClassicLevel<string, string>;
  readonly snapshot: NonNullable<ScanOptions['snapshot']>;
}

export interface WalkOptions {
  readonly descending: boolean;
  /** Only entries behind this place. */
  readonly after: SortedPlace | undefined;
  /** How many are looked at first: about as many as are wanted. */
  readonly firstLook: number;
}

/** The entries of an index by time; those of the same time by uuid, ascending in both directions. */
export function walkIndex(
  view: View,
  index: KeyRange,
  options: WalkOptions,
): AsyncGenerator<readonly IndexEntry[]> {
  return options.descending ? walkDown(view, index, options) : walkUp(view, index, index, options);
}

/** Those of the index that lie in the range. */
async function* walkUp(
  view: View,
  index: KeyRange,
  range: KeyRange,
  { after, firstLook }: Omit<WalkOptions, 'descending'>,
): AsyncGenerator<readonly IndexEntry[]> {
  let behind = after === undefined ? range.prefix : entryKey(index, after.time, after.uuid);
  for (const limit of lookSizes(firstLook)) {
    const found = await look(view, index, { limit, behind, before: range.end });
    yield found;
    if (found.length < limit) return;
    const last = found[found.length - 1];
    behind = entryKey(index, last.time, last.uuid);
  }
}

/**
 * Backwards, where the uuids of a time come in the wrong order: they are turned around when all of them have been looked
 * at. Of the last time of a look there may be more, any number of them: these are walked upwards.
 */
async function* walkDown(
  view: View,
  index: KeyRange,
  { after, firstLook }: WalkOptions,
): AsyncGenerator<readonly IndexEntry[]> {
  let before = index.end;
  if (after !== undefined) {
    yield* walkUp(view, index, ofTime(index, after.time), { after, firstLook });
    before = timeStart(index, after.time);
  }
  for (const limit of lookSizes(firstLook)) {
    const found = await look(view, index, { limit, before, reverse: true });
    if (found.length < limit) {
      yield turnedByTime(found);
      return;
    }
    const { time } = found[found.length - 1];
    yield turnedByTime(found.filter((entry) => entry.time !== time));
    yield* walkUp(view, index, ofTime(index, time), { after: undefined, firstLook });
    before = timeStart(index, time);
  }
}

async function look(view: View, index: KeyRange, options: ScanOptions): Promise<IndexEntry[]> {
  const entries = await scan(view.level, index, { ...options, snapshot: view.snapshot });
  return entries.map(([key, value]) => ({ ...placeOf(index, key), summary: decodeSummary(value) }));
}

function* lookSizes(first: number): Generator<number, never> {
  for (let size = Math.min(first, SCANNED_ENTRIES_MAX); ; size = Math.min(size * 2, SCANNED_ENTRIES_MAX))
    yield size;
}

/** Entries that come with their times falling and, at each time, their uuids falling: the latter rising. */
function turnedByTime(entries: readonly IndexEntry[]): IndexEntry[] {
  const turned: IndexEntry[] = [];
  let sameTime: IndexEntry[] = [];
  for (const entry of entries) {
    if (sameTime.length > 0 && sameTime[0].time !== entry.time) {
      turned.push(...sameTime.reverse());
      sameTime = [];
    }
    sameTime.push(entry);
  }
  return [...turned, ...sameTime.reverse()];
}
