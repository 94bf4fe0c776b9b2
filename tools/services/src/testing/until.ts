import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
const DEADLINE_MS = 60_000;

/** For what tells nobody when it happens: looks again and again. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await delay(POLL_MS);
  }
}
