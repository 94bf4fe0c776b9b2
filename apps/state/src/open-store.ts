import { setTimeout as delay } from 'node:timers/promises';
import type { JobletConfig } from '@joblet/config';
import { EXIT_CONFIG, EXIT_FAILED, messageOf, StartError } from '@joblet/service';
import { sealSecrets, StateStoreError, type SealingStore, type StateStore } from '@joblet/state-store';
import type { Logger } from 'pino';
import { openBackend } from './backends.js';
import { CLOSE_STORE_MS } from './limits.js';
import { configuredKeys } from './secret-keys.js';

export interface OpenStoreOptions {
  readonly config: JobletConfig;
  /** Where paths in the configuration start. */
  readonly folder: string;
  readonly logger: Logger;
  /** Aborted when nobody waits for the store any more. */
  readonly stop: AbortSignal;
  readonly env: NodeJS.ProcessEnv;
}

export interface OpenStore {
  /** Jobs have their secrets here, whatever the medium has of them. */
  readonly store: StateStore;
  /** How often a job was answered without its secrets. */
  withheldSecrets(): number;
  /** A store that takes long is told after a while that nobody waits for it much longer. */
  close(): Promise<void>;
}

/** Opens the configured store. Rejects with StartError, or with the reason of `stop` when that comes first. */
export async function openStore({ config, folder, logger, stop, env }: OpenStoreOptions): Promise<OpenStore> {
  const { state, server } = config;
  const giveUp = new AbortController();
  const stopOpening = (): void => giveUp.abort(stop.reason);
  const context = { logger, folder, nodeId: server.nodeId, signal: giveUp.signal };
  const keys = await configuredKeys(state, env);
  stop.addEventListener('abort', stopOpening);
  const opening = openBackend(state, context);
  try {
    const medium = await orAborted(opening, stop);
    const storeSecrets = state.backend === 'memory' ? 'plain' : state.store_secrets;
    return opened(sealSecrets(medium, { storeSecrets, keys, logger }), giveUp);
  } catch (error) {
    // One that opens after all is not left open: another process may wait for it.
    void opening.then((store) => store.close()).catch(() => undefined);
    if (stop.aborted || error instanceof StartError) throw error;
    const isSetting = error instanceof StateStoreError && error.code === 'INVALID_ARGUMENT';
    throw new StartError(
      isSetting ? EXIT_CONFIG : EXIT_FAILED,
      `state.backend ${JSON.stringify(state.backend)}: it cannot be opened: ${messageOf(error)}`,
      { cause: error },
    );
  } finally {
    stop.removeEventListener('abort', stopOpening);
  }
}

function opened(store: SealingStore, giveUp: AbortController): OpenStore {
  return {
    store,
    withheldSecrets: () => store.withheldSecrets,
    async close() {
      const patience = new AbortController();
      const tooLong = delay(CLOSE_STORE_MS, undefined, { signal: patience.signal, ref: false });
      void tooLong.then(() => giveUp.abort(new Error('closing takes too long'))).catch(() => undefined);
      try {
        await store.close();
      } finally {
        patience.abort();
      }
    },
  };
}

/** What the work gives, or the reason of the abort when that comes first. */
function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
