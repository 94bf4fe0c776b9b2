import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { stateStoreConformance } from '@joblet/state-store/conformance';
import { openLocalStateStore } from './index.js';

stateStoreConformance({
  test: { describe, it },
  create: async (clock) => {
    const directory = await mkdtemp(join(tmpdir(), 'state-local-'));
    const open = () => openLocalStateStore({ directory, now: () => clock.now() });
    return {
      store: await open(),
      reopen: open,
      dispose: () => rm(directory, { recursive: true }),
    };
  },
  supports: { durable: true, atomicSync: true, ttl: false },
});
