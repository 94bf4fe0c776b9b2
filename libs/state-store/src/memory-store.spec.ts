import { describe, it } from '@jest/globals';
import { stateStoreConformance } from './conformance.js';
import { createMemoryStore } from './memory.js';

stateStoreConformance({
  test: { describe, it },
  create: async (clock) => ({
    store: createMemoryStore({ now: clock.now }),
    dispose: async () => undefined,
  }),
  supports: { durable: false, atomicSync: true, ttl: false },
});
