import { setImmediate } from 'node:timers/promises';
import { StorageError } from '@joblet/storage';
import type { BlockBuilder } from './block-builder.js';
import { buildBlocks } from './build-blocks.js';
import { buildError } from './build-error.js';
import { openLogRowsModule } from './wasm/log-rows-module.js';

/** Builds on the thread that calls, one request at a time, with turns for others between them. */
export function inlineBuilder(): BlockBuilder {
  const module = openLogRowsModule();
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  return {
    async build(request) {
      if (isClosed) throw StorageError.closed();
      const before = last;
      const built = (async () => {
        await before;
        await setImmediate();
        try {
          return buildBlocks(request, module);
        } catch (error) {
          throw buildError(request.jobId, error);
        }
      })();
      last = built.catch(() => undefined);
      return built;
    },
    async close() {
      isClosed = true;
      await last;
    },
  };
}
