import type { UsageSampler } from './usage-sampler.js';

/** Where there is no /proc: Node knows nothing of what a child uses, so that there is nothing to send. */
export const nodeFallback: UsageSampler = {
  start: () => Promise.resolve(),
  look: () => Promise.resolve(),
  sample: () => Promise.resolve(undefined),
};
