import type { Supports } from '../state-store.js';
import type { Subject } from './subject.js';

/** One thing that a store must do right; independent of all others, with an empty store of its own. */
export interface ConformanceCase {
  readonly name: string;
  /** Only for stores that declare all of these. */
  readonly needs?: readonly (keyof Supports)[];
  /** Only for stores that can be told to `restore`. */
  readonly restores?: true;
  run(subject: Subject): Promise<void>;
}

export interface Theme {
  readonly name: string;
  readonly cases: readonly ConformanceCase[];
}
