import type { JobletConfig } from '@joblet/config';
import type { LogStore, LogStoreContext } from '@joblet/storage';

/** Opens the store that the configuration names; its package is loaded only when it is used. */
export async function openBackend({ persist }: JobletConfig, context: LogStoreContext): Promise<LogStore> {
  const { type, base_dir, local, compression, options = {} } = persist.storage;
  switch (type) {
    case 'local': {
      const { openLocalStore } = await import('@joblet/storage-local');
      return openLocalStore({
        baseDirectory: base_dir,
        logsDirectory: local.logs.directory,
        metricsDirectory: local.metrics.directory,
        content: local.logs.content,
        compressionLevel: compression.level,
        onEvent: (event) => context.logger.warn(event, `local store: ${event.type}`),
      });
    }
    default: {
      const { openCustomStore } = await import('./custom-store.js');
      return openCustomStore(type, options, context, import.meta.url);
    }
  }
}
