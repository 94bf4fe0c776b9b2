export { openRedisStateStore } from './open-redis-state-store.js';
export type { RedisStateStoreOptions } from './options.js';
export * as limits from './limits.js';
