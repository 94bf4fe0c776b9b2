import { compareText } from './compare-text.js';

/** A place in the order: of an entry, whose place never changes, or where none need be. */
export interface SortedPlace {
  readonly time: string;
  readonly uuid: string;
}

/** Entries of a chunk: small enough to shift at little cost, large enough that there are few chunks. */
const CHUNK_LENGTH_MAX = 512;

/** Entries by their time, then by uuid: found, added and removed in logarithmic time. */
export class SortedJobs<Entry extends SortedPlace> {
  /** None is empty. All entries of a chunk come before those of the next. */
  private readonly chunks: Entry[][] = [];
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** The entry must not be there. */
  add(entry: Entry): void {
    this.count++;
    // Behind all others: most jobs are new.
    const at = Math.min(this.chunkOf(entry), this.chunks.length - 1);
    if (at < 0) {
      this.chunks.push([entry]);
      return;
    }
    const chunk = this.chunks[at];
    chunk.splice(lowerBound(chunk, entry), 0, entry);
    if (chunk.length > CHUNK_LENGTH_MAX) {
      // New entries come last: the chunks before stay full then.
      const isLast = at === this.chunks.length - 1;
      this.chunks.splice(at + 1, 0, chunk.splice(isLast ? CHUNK_LENGTH_MAX : CHUNK_LENGTH_MAX >> 1));
    }
  }

  /** The entry must be there. */
  remove(entry: Entry): void {
    const at = this.chunkOf(entry);
    const chunk = this.chunks[at];
    const index = lowerBound(chunk, entry);
    if (chunk[index] !== entry) throw new TypeError(`job ${entry.uuid} is not in the index`);
    chunk.splice(index, 1);
    if (chunk.length === 0) this.chunks.splice(at, 1);
    this.count--;
  }

  /** Those behind the place; all when there is none. Nothing may be added or removed meanwhile. */
  *ascending(after?: SortedPlace): Generator<Entry> {
    let at = after === undefined ? 0 : this.chunkOf(after);
    let index = after === undefined ? 0 : lowerBound(this.chunks[at] ?? [], after);
    for (; at < this.chunks.length; at++, index = 0) {
      const chunk = this.chunks[at];
      if (after !== undefined && index < chunk.length && compare(chunk[index], after) === 0) index++;
      for (; index < chunk.length; index++) yield chunk[index];
    }
  }

  /** As `ascending`, newest first; those of the same time by uuid ascending all the same. */
  *descending(after?: SortedPlace): Generator<Entry> {
    let time = after?.time;
    if (after !== undefined) yield* this.ofTime(after);
    let at = time === undefined ? this.chunks.length - 1 : this.chunkOf({ time: time, uuid: '' });
    for (; at >= 0; at--) {
      const chunk = this.chunks[at] ?? [];
      for (let index = chunk.length - 1; index >= 0; index--) {
        const entry = chunk[index];
        if (time !== undefined && entry.time >= time) continue;
        time = entry.time;
        const isAlone = index > 0 && chunk[index - 1].time !== time;
        if (isAlone) yield entry;
        else yield* this.ofTime({ time: time, uuid: '' });
      }
    }
  }

  /** Those of the place's time behind it. */
  private *ofTime(after: SortedPlace): Generator<Entry> {
    for (const entry of this.ascending(after)) {
      if (entry.time !== after.time) return;
      yield entry;
    }
  }

  /** The first chunk whose last entry is not before the place; the number of chunks when there is none. */
  private chunkOf(place: SortedPlace): number {
    let low = 0;
    let high = this.chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = this.chunks[middle];
      if (compare(chunk[chunk.length - 1], place) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The index of the first entry that is not before the place. */
function lowerBound(entries: readonly SortedPlace[], place: SortedPlace): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(entries[middle], place) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: SortedPlace, b: SortedPlace): number {
  // Times are ASCII, whose own order is that of the bytes.
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return compareText(a.uuid, b.uuid);
}
