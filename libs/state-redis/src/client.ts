import { createClient } from 'redis';
import { CONNECT_TIMEOUT_MS, QUEUED_COMMANDS_MAX, RECONNECT_MAX_MS, RECONNECT_MIN_MS } from './limits.js';
import type { Target } from './options.js';

export type Client = ReturnType<typeof newClient>;

/** The driver's client, not connected yet. */
export function newClient({ host, port, tls, username, password, db }: Target, ca: string | undefined) {
  const shared = {
    host,
    port,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectStrategy: (attempts: number) =>
      Math.min(RECONNECT_MIN_MS * 2 ** Math.min(attempts, 16), RECONNECT_MAX_MS) * (0.5 + Math.random() / 2),
  };
  return createClient({
    RESP: 2,
    socket: tls ? { ...shared, tls: true, ...(ca !== undefined && { ca }) } : shared,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    database: db,
    commandsQueueMaxLength: QUEUED_COMMANDS_MAX,
    // Each call has a time limit of its own, which costs less than the driver's.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
  });
}
