export { openPostgresStateStore } from './open-postgres-store.js';
export type { PostgresStoreOptions } from './options.js';
