import type { NewJob } from '../../job.js';
import { createMemoryStore } from '../../memory-store.js';
import type { StateStore } from '../../state-store.js';
import type { Clock } from '../clock.js';
import { forwarding, type Mistake } from './broken-store.fixture.js';

interface Entry {
  readonly time: number;
  readonly call: (store: StateStore) => Promise<unknown>;
}

/**
 * A store that can be opened again: what succeeded is done once more, at its time, to a new memory store. A wrong one
 * changes that store then.
 */
export function journaled(
  change: (store: StateStore) => Promise<unknown> = async () => undefined,
): Mistake['create'] {
  return async (clock) => {
    const journal: Entry[] = [];
    const reopen = async () => {
      const store = await open(clock, journal);
      if (journal.length > 0) await change(store);
      return store;
    };
    return { store: await reopen(), reopen, dispose: async () => undefined };
  };
}

async function open(clock: Clock, journal: Entry[]): Promise<StateStore> {
  let replayed: number | undefined;
  const memory = createMemoryStore({ now: () => replayed ?? clock.now() });
  for (const { time, call } of journal) {
    replayed = time;
    await call(memory);
  }
  replayed = undefined;
  const recorded = async <Result>(call: (store: StateStore) => Promise<Result>): Promise<Result> => {
    const time = clock.now();
    const result = await call(memory);
    journal.push({ time, call });
    return result;
  };
  return {
    ...forwarding(memory),
    supports: { ...memory.supports, durable: true },
    create: (given, options) => {
      const job = copied(given);
      return recorded((store) => store.create(job, options));
    },
    update: (given, options) => {
      const job = copied(given);
      return recorded((store) => store.update(job, options));
    },
    delete: (uuid, options) => recorded((store) => store.delete(uuid, options)),
    sync: (given, scope) => {
      const jobs = given.map(copied);
      return recorded((store) => store.sync(jobs, scope));
    },
  };
}

function copied(job: NewJob): NewJob {
  return { ...job, fields: new Map(job.fields) };
}
