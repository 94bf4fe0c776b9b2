import { setImmediate } from 'node:timers/promises';
import { STEPS_AT_ONCE } from '../limits.js';

/** Awaited at each step of long work: throws when nobody wants the result any more, and gives others a turn now and then. */
export type Checkpoint = () => Promise<void> | undefined;

export function checkpointOf(throwIfUnwanted: () => void): Checkpoint {
  let steps = 0;
  return () => {
    throwIfUnwanted();
    return ++steps % STEPS_AT_ONCE === 0 ? setImmediate() : undefined;
  };
}
