import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { StateRequest } from '@joblet/state-store';
import type { Answer } from './answer.js';
import { Budget } from './budget.js';
import { Connection, type Closed } from './connection.js';
import { ALL_UNSENT_BYTES_MAX, CONNECTIONS_MAX, HALF_REQUEST_BYTES_MAX, STUCK_CLIENT_MS } from './limits.js';

export interface StateServerOptions {
  /** Longest request, without its newline. */
  readonly requestBytesMax: number;
  /** Default: STUCK_CLIENT_MS. */
  readonly stuckMs?: number;
  /** Does not reject. */
  readonly answer: (request: StateRequest) => Promise<Answer>;
  readonly onAnswer: (answer: Answer, durationMs: number) => void;
  readonly onClosed: (closed: Closed) => void;
  /** There are CONNECTIONS_MAX: a further one was closed. */
  readonly onRefused: () => void;
  /** A connection could not be accepted. */
  readonly onError: (error: Error) => void;
}

export interface StateServer {
  /** To be listened with. */
  readonly netServer: Server;
  figures(): {
    readonly connections: number;
    readonly requestsInFlight: number;
    readonly halfRequestBytes: number;
    readonly unsentBytes: number;
  };
  /** Answers what has arrived and closes; tells how many connections were still at it when time was over. */
  drain(timeoutMs: number): Promise<{ readonly cut: number }>;
}

/** Newline-delimited JSON: requests in, answers out, in their order on each connection. */
export function createStateServer(options: StateServerOptions): StateServer {
  const connections = new Set<Connection>();
  const halfRequests = new Budget(HALF_REQUEST_BYTES_MAX);
  const unsentBytes = (): number => {
    let bytes = 0;
    for (const connection of connections) bytes += connection.unsentBytes;
    return bytes;
  };
  /** Only long answers can be so many. */
  const dropStuck = (): void => {
    if (unsentBytes() <= ALL_UNSENT_BYTES_MAX) return;
    const unsent = [...connections].filter((connection) => connection.unsentBytes > 0);
    unsent.sort((one, other) => one.lastTookMs - other.lastTookMs);
    unsent[0].drop();
  };
  const netServer = createServer({ allowHalfOpen: true }, (socket) => {
    const connection = new Connection(socket, {
      ...options,
      stuckMs: options.stuckMs ?? STUCK_CLIENT_MS,
      halfRequests,
      onAnswer: (answer, durationMs) => {
        options.onAnswer(answer, durationMs);
        if (answer.line.length > LONG_ANSWER) setImmediate(dropStuck);
      },
      onClosed: (closed) => {
        connections.delete(connection);
        options.onClosed(closed);
      },
    });
    connections.add(connection);
  });
  netServer.maxConnections = CONNECTIONS_MAX;
  netServer.on('drop', options.onRefused);
  netServer.on('error', options.onError);
  return {
    netServer,
    figures: () => ({
      connections: connections.size,
      requestsInFlight: [...connections].reduce((sum, { requestsInFlight }) => sum + requestsInFlight, 0),
      halfRequestBytes: halfRequests.used,
      unsentBytes: unsentBytes(),
    }),
    async drain(timeoutMs) {
      if (netServer.listening) netServer.close();
      const timeout = new AbortController();
      const drained = Promise.all([...connections].map((connection) => connection.drain()));
      await Promise.race([drained, delay(timeoutMs, undefined, { signal: timeout.signal })]);
      timeout.abort();
      const left = [...connections];
      for (const connection of left) connection.drop();
      return { cut: left.length };
    },
  };
}

/** In characters: shorter ones cannot fill the memory, with as many as one connection has in flight. */
const LONG_ANSWER = 64 * 1024;
