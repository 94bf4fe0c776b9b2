import { once } from 'node:events';
import { createServer } from 'node:net';
import { FIRST_PORT, LAST_PORT } from './limits.js';

/** A TCP port that nobody listens on, on any address. Another process may take it before the caller does. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1));
    const server = createServer();
    try {
      server.listen({ port, host: '0.0.0.0', exclusive: true });
      await once(server, 'listening');
      return port;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    } finally {
      server.close();
    }
  }
}
