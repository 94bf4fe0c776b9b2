import type { Segment } from './file-segments.js';
import type { Slot } from './member.js';
import type { OrdinalRanges } from './ordinal-ranges.js';
import type { TakenOrdinals } from './taken-ordinals.js';

/** Ordinals for members whose header has lost them. */
export interface DerivedOrdinals {
  /** All rows of the group, in the order of the file. */
  readonly ordinals: BigUint64Array;
  /** Whether no other ordinals are possible, as long as nobody else has lost his. */
  readonly isCertain: boolean;
}

/**
 * Finds the ordinals of a group of members of ours that lie between two whose headers are right (or at the start or
 * the end of the file), with nothing but damage among them. Certain when there are as many free ordinals as rows. If
 * there are more, something else is lost there as well: the rows go to the side where nothing is. Undefined when there
 * are fewer. What it gives is taken from then on.
 */
export async function deriveOrdinals(
  group: readonly Segment[],
  { after, before }: Slot,
  taken: TakenOrdinals,
): Promise<DerivedOrdinals | undefined> {
  const ranges = await taken.ranges();
  const derived = derive(group, { after, before }, ranges, taken.highest);
  if (derived) ranges.addAll(derived.ordinals);
  return derived;
}

function derive(
  group: readonly Segment[],
  { after, before }: Slot,
  ranges: OrdinalRanges,
  highest: bigint,
): DerivedOrdinals | undefined {
  const rows = group.reduce((sum, segment) => sum + (segment.kind === 'nameless' ? segment.rows : 0), 0);
  if (before === undefined) {
    // Behind the last header nobody can tell how far it went on.
    const known = ranges.firstFree(after, highest + 1n, rows + 1);
    const ordinals = ranges.firstFree(after, bigMax(highest, after) + BigInt(rows) + 1n, rows);
    const isCertain = known.length <= rows && group.every(({ kind }) => kind === 'nameless');
    return { ordinals, isCertain };
  }
  const free = ranges.firstFree(after, before, rows + 1);
  if (free.length >= rows) {
    const isCertain = free.length === rows;
    const firstRows = group.findIndex(({ kind }) => kind === 'nameless');
    const onlyLostBefore = firstRows > 0 && group.slice(firstRows).every(({ kind }) => kind === 'nameless');
    const ordinals = onlyLostBefore ? ranges.lastFree(after, before, rows) : free.slice(0, rows);
    return { ordinals, isCertain };
  }
  // Members that are not in order: their place may be the only hole that there is.
  const holes = ranges.firstFree(-1n, highest + 1n, rows + 1);
  return holes.length === rows ? { ordinals: holes, isCertain: true } : undefined;
}

function bigMax(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
