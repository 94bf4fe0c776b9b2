import { setImmediate as turn } from 'node:timers/promises';
import { DRAIN_QUIET_TURNS } from './limits.js';

/**
 * Resolves once `counter()` has stood still for DRAIN_QUIET_TURNS whole turns of the event loop (from one check phase
 * to the next, with a poll phase between that does not wait), or when `stop()` says so.
 */
export async function quietTurns(counter: () => number, stop: () => boolean): Promise<void> {
  await turn();
  let seen = counter();
  for (let quiet = 0; quiet < DRAIN_QUIET_TURNS && !stop();) {
    await turn();
    quiet = counter() === seen ? quiet + 1 : 0;
    seen = counter();
  }
}
