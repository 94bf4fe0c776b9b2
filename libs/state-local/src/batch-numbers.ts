import { batchKey } from './keys.js';
import { NUMBERED_BATCHES } from './limits.js';

/**
 * Every batch has a number, one more than that of the batch before, and keeps it in a slot of a ring. LevelDB leaves out
 * what is damaged in its log and says nothing; a batch that is left out leaves an older number, or none, in its slot.
 */
export interface BatchNumbers {
  /** That of the last batch; 0: there has been none. */
  readonly last: number;
  /** Those of batches that were acknowledged and are not there. */
  readonly missing: readonly number[];
}

export function slotOf(number: number): string {
  return batchKey(number % NUMBERED_BATCHES);
}

/** Of the entries in `batches`. */
export function readBatchNumbers(entries: readonly (readonly [string, string])[]): BatchNumbers {
  const bySlot = new Map(entries.map(([key, value]) => [key, Number(value)]));
  const last = Math.max(0, ...bySlot.values());
  const missing: number[] = [];
  for (let number = Math.max(1, last - NUMBERED_BATCHES + 1); number < last; number++) {
    if (bySlot.get(slotOf(number)) !== number) missing.push(number);
  }
  return { last, missing };
}
