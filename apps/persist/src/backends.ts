import type { JobletConfig } from '@joblet/config';
import type { LogStore } from '@joblet/storage';
import type { Logger } from 'pino';

/** Opens the store that the configuration names; its package is loaded only when it is used. */
export async function openBackend({ persist }: JobletConfig, logger: Logger): Promise<LogStore> {
  const { type, base_dir, local, compression } = persist.storage;
  switch (type) {
    case 'local': {
      const { openLocalStore } = await import('@joblet/storage-local');
      return openLocalStore({
        baseDirectory: base_dir,
        logsDirectory: local.logs.directory,
        metricsDirectory: local.metrics.directory,
        content: local.logs.content,
        compressionLevel: compression.level,
        onEvent: (event) => logger.warn(event, `local store: ${event.type}`),
      });
    }
    default:
      throw new Error(`persist.storage.type ${JSON.stringify(type)} is not built yet`);
  }
}
