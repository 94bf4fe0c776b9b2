import type { JobletConfig } from '@joblet/config';
import type { LogStore, LogStoreContext } from '@joblet/storage';
import type { Registry } from 'prom-client';
import { openLocalBackend } from './local-backend.js';

/** A store, and what persist knows of it beside its contract. */
export interface Backend {
  readonly store: LogStore;
  /** Bytes that may be read from sockets and not be stored yet. */
  readonly budgetBytes: number;
  /** Whether it has copied what it keeps of a batch when the write resolves: its memory may be used again. Others may keep it. */
  readonly copiesBatches: boolean;
  /** Why it is not as it should be, although it may take rows; undefined: it is. */
  trouble(): string | undefined;
  /** Adds its figures. */
  register(registry: Registry): void;
}

/** Opens the store that the configuration names; its package is loaded only when it is used. */
export async function openBackend({ persist }: JobletConfig, context: LogStoreContext): Promise<Backend> {
  const { type, options = {} } = persist.storage;
  switch (type) {
    case 'local':
      return openLocalBackend(persist, context);
    default: {
      const { openCustomStore } = await import('./custom-store.js');
      return {
        store: await openCustomStore(type, options, context),
        budgetBytes: persist.writer.queue_mb * 1024 * 1024,
        copiesBatches: false,
        trouble: () => undefined,
        register: () => undefined,
      };
    }
  }
}
