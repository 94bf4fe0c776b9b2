import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { stateStoreConformance } from '@joblet/state-store/conformance';
import { createMemoryStore } from '@joblet/state-store/memory';
import { openSocketStore } from './testing/socket-store.js';

const { openLocalStateStore } = await import('@joblet/state-local');

describe('through the socket, on memory', () => {
  stateStoreConformance({
    test: { describe, it },
    create: async ({ now }) => ({
      store: await openSocketStore(createMemoryStore({ now })),
      dispose: async () => undefined,
    }),
    supports: { durable: false, atomicSync: true, ttl: false },
    restores: false,
  });
});

describe('through the socket, on disk', () => {
  stateStoreConformance({
    test: { describe, it },
    create: async ({ now }) => {
      const directory = await mkdtemp(join(tmpdir(), 'state-'));
      const open = async () => openSocketStore(await openLocalStateStore({ directory, now }));
      return { store: await open(), reopen: open, dispose: () => rm(directory, { recursive: true }) };
    },
    supports: { durable: true, atomicSync: true, ttl: false },
    restores: false,
  });
});
