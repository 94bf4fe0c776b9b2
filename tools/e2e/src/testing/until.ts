import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;
const DEADLINE_MS = 20_000;

/** For what tells nobody when it happens: looks again and again. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${DEADLINE_MS} ms: ${condition}`);
    await delay(POLL_MS);
  }
}
