import type { StateStore } from '@joblet/state-store';
import { Database } from './database.js';
import { toOpenError } from './errors.js';
import { MIGRATION_TIMEOUT_MS } from './limits.js';
import { migrate } from './migrations.js';
import { checkOptions, type PostgresStoreOptions } from './options.js';
import { PostgresStore } from './postgres-store.js';

/**
 * Opens the state store of a database, and makes or migrates its tables. INVALID_ARGUMENT when the options are wrong or the
 * database is not one for them; UNAVAILABLE when it cannot be reached.
 */
export async function openPostgresStateStore(options: PostgresStoreOptions): Promise<StateStore> {
  const { url, connectionsMax, answerTimeoutMs, now } = checkOptions(options);
  await prepare(url);
  return new PostgresStore(new Database({ url, connectionsMax, answerTimeoutMs }), now);
}

/** With a connection of its own: an index of a large table takes longer than any statement afterwards. */
async function prepare(url: string): Promise<void> {
  const database = new Database({ url, connectionsMax: 1, answerTimeoutMs: MIGRATION_TIMEOUT_MS });
  try {
    await database.transaction(migrate);
  } catch (error) {
    throw toOpenError(error);
  } finally {
    await database.close();
  }
}
