import type { JobletConfig } from '@joblet/config';
import type { StateStore, StateStoreContext } from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';
import { openCustomStore } from './custom-store.js';
import { ANSWER_TIMEOUT_MS } from './limits.js';

type Backend = Pick<JobletConfig['state'], 'backend' | 'storage'>;

/** Opens the store that the configuration names; its package is loaded only when it is used. */
export async function openBackend(
  { backend, storage }: Backend,
  context: StateStoreContext,
): Promise<StateStore> {
  const { logger, signal } = context;
  switch (backend) {
    case 'memory':
      return createMemoryStore();
    case 'local': {
      const { openLocalStateStore } = await import('@joblet/state-local');
      return openLocalStateStore({ directory: storage.local.directory });
    }
    case 'dynamodb': {
      const { openDynamoDbStateStore } = await import('@joblet/state-dynamodb');
      const options = storage.dynamodb;
      return openDynamoDbStateStore({
        region: options.region,
        tableName: options.table_name,
        ttlEnabled: options.ttl_enabled,
        ttlAttribute: options.ttl_attribute,
        ttlDays: options.ttl_days,
        readCapacity: options.read_capacity,
        writeCapacity: options.write_capacity,
        endpoint: options.endpoint,
        createTable: options.create_table,
        useIndex: options.use_index,
        answerTimeoutMs: ANSWER_TIMEOUT_MS,
      });
    }
    case 'redis': {
      const { openRedisStateStore } = await import('@joblet/state-redis');
      const { endpoint, password, db, tls, ttl_days: ttlDays } = storage.redis;
      // 0 stands for none given: the endpoint may be a URL with the number.
      const number = db === 0 ? {} : { db };
      const connection = { endpoint, password, ...number, tls, answerTimeoutMs: ANSWER_TIMEOUT_MS };
      return openRedisStateStore({ ...connection, ttlDays, logger, signal });
    }
    case 'postgres': {
      const { openPostgresStateStore } = await import('@joblet/state-postgres');
      return openPostgresStateStore({
        url: storage.postgres.url ?? '',
        answerTimeoutMs: ANSWER_TIMEOUT_MS,
      });
    }
    default:
      return openCustomStore(backend, storage.options ?? {}, context);
  }
}
