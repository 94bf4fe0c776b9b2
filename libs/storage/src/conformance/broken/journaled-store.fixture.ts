import type { LogStore } from '../../log-store.js';
import { createMemoryStore, type MemoryStore } from '../../memory-store.js';
import type { StoreUnderTest } from '../subject.js';
import { forwarding } from './broken-store.fixture.js';

export type Journal = ((store: MemoryStore) => Promise<unknown>)[];

/**
 * A store that can be opened again: what succeeded is done once more to a new memory store. `remembered` is what a
 * wrong one makes of its journal, or of itself, meanwhile.
 */
export function journaled(
  remembered: (journal: Journal) => Journal = (journal) => journal,
): () => Promise<StoreUnderTest> {
  return async () => {
    const journal: Journal = [];
    const reopen = async () => open(remembered(journal), journal);
    return { store: await reopen(), reopen, dispose: async () => undefined };
  };
}

async function open(replayed: Journal, journal: Journal): Promise<LogStore> {
  const memory = createMemoryStore();
  for (const call of replayed) await call(memory);
  const recorded = async (call: (store: MemoryStore) => Promise<void>) => {
    await call(memory);
    journal.push(call);
  };
  return {
    ...forwarding(memory),
    supports: { ...memory.supports, durable: true },
    writeLogs: (batch, options) => recorded((store) => store.writeLogs(batch, options)),
    writeMetrics: (batch, options) => recorded((store) => store.writeMetrics(batch, options)),
    deleteJob: (jobId) => recorded((store) => store.deleteJob(jobId)),
    deleteMetrics: (jobId) => recorded((store) => store.deleteMetrics(jobId)),
    endJob: (jobId, end) => recorded((store) => store.endJob(jobId, end)),
    async cleanup(request) {
      const report = await memory.cleanup(request);
      journal.push((store) => store.cleanup(request));
      return report;
    },
  };
}
