import type { Supports } from '../../state-store.js';
import type { Clock } from '../clock.js';
import { stateStoreConformance } from '../suite.js';
import type { StoreUnderTest } from '../subject.js';

/** The cases of the suite, by `theme › case`, to be run one by one. */
export function collectedCases(
  create: (clock: Clock) => Promise<StoreUnderTest>,
  supports: Supports,
): Map<string, () => Promise<void>> {
  const cases = new Map<string, () => Promise<void>>();
  const path: string[] = [];
  const describe = (name: string, body: () => void) => {
    path.push(name);
    body();
    path.pop();
  };
  const it = (name: string, body: () => Promise<void>) => {
    const title = [...path.slice(1), name].join(' › ');
    if (cases.has(title)) throw new TypeError(`two cases have the name ${title}`);
    cases.set(title, body);
  };
  stateStoreConformance({ test: { describe, it }, create, supports, seed: 1 });
  return cases;
}
