import { Http2SessionManager } from '@connectrpc/connect-node';
import { PING_INTERVAL_MS, PING_TIMEOUT_MS } from './limits.js';
import type { Endpoint } from './target.js';

/**
 * Opens HTTP/2 connections when they are needed. The manager drops its error listener when it is aborted; an error of
 * the connection that is still under way would then end the process, although its streams have long reported it.
 */
export class Sessions extends Http2SessionManager {
  constructor({ baseUrl, sessionOptions }: Endpoint) {
    super(baseUrl, { pingIntervalMs: PING_INTERVAL_MS, pingTimeoutMs: PING_TIMEOUT_MS }, sessionOptions);
  }

  override async request(
    ...args: Parameters<Http2SessionManager['request']>
  ): ReturnType<Http2SessionManager['request']> {
    const stream = await super.request(...args);
    const { session } = stream;
    if (session?.listenerCount('error', alreadyReported) === 0) session.on('error', alreadyReported);
    return stream;
  }
}

function alreadyReported(): void {
  // Only the first connection error matters, and every stream of the connection has rejected with it.
}
