import { StateStoreError, type StateStore } from '@joblet/state-store';
import { Connection } from './connection.js';
import { askHealth } from './health.js';
import { FORMAT, FORMAT_KEY } from './keys.js';
import type { RedisStateStoreOptions } from './options.js';
import { RedisStateStore } from './redis-state-store.js';

const DAY_MS = 86_400_000;

/**
 * UNAVAILABLE when no server answers in ten seconds, INVALID_ARGUMENT when an option is wrong, or the server refuses the
 * password or the database.
 */
export async function openRedisStateStore(options: RedisStateStoreOptions): Promise<StateStore> {
  const { now = Date.now, ttlDays = 0, logger } = options;
  if (!Number.isFinite(ttlDays) || ttlDays < 0) {
    throw new StateStoreError('INVALID_ARGUMENT', `ttlDays is ${ttlDays}; expected 0 or more days`);
  }
  const connection = await Connection.open(options);
  try {
    await checkFormat(connection);
    const { details } = await askHealth(connection);
    for (const detail of details) logger?.warn({}, detail);
    return new RedisStateStore(connection, now, Math.round(ttlDays * DAY_MS));
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function checkFormat(connection: Connection): Promise<void> {
  await connection.send('SET', FORMAT_KEY, FORMAT, 'NX');
  const format = await connection.send<string | null>('GET', FORMAT_KEY);
  if (format === FORMAT) return;
  throw new StateStoreError(
    'INVALID_ARGUMENT',
    `Redis at ${connection.name} has format ${JSON.stringify(format)} of job states; expected ${FORMAT}`,
  );
}
