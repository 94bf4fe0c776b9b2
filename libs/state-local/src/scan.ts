import type { ClassicLevel } from 'classic-level';
import type { KeyRange } from './keys.js';

export interface ScanOptions {
  /** Only keys behind this one. */
  readonly behind?: string;
  /** Only keys before this one. */
  readonly before?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly snapshot?: ReturnType<ClassicLevel['snapshot']>;
}

/** Keys and values of a range, in the order of the keys. */
export function scan(
  level: ClassicLevel<string, string>,
  { prefix, end }: KeyRange,
  { behind = prefix, before = end, reverse = false, limit = Infinity, snapshot }: ScanOptions = {},
): Promise<[string, string][]> {
  return level
    .iterator({
      gt: behind,
      lt: before,
      reverse,
      limit,
      snapshot,
      // Small entries: all of a look at once.
      highWaterMarkBytes: 1024 * 1024,
    })
    .all();
}
