import type { Gap } from '@joblet/storage';
import type { LostView } from './area-view.js';

/** Comes before all rows, so that pages of an answer, put together, have it once. */
export function lostGap({ stream, rows, bytes, reason }: LostView): Gap {
  return { kind: 'gap', stream, afterOrdinal: -1n, rows, bytes, reason };
}
