import type { AddressInfo } from 'node:net';
import { listenOnSocketFile, messageOf, rateLimited, startMonitoring, type Health } from '@joblet/service';
import type { StateRequest } from '@joblet/state-store';
import { Gauge, Registry } from 'prom-client';
import { answerTo, type Answer } from './answer.js';
import { DRAIN_CONNECTIONS_MS, LOG_INTERVAL_MS } from './limits.js';
import { openStore, type OpenStore, type OpenStoreOptions } from './open-store.js';
import { requestMetrics } from './request-metrics.js';
import { createStateServer, type StateServer } from './state-server.js';

export interface State {
  /** Answers what has arrived and closes the store; tells `enter` which step begins. */
  drain(enter: (step: string) => void): Promise<void>;
}

/** Starts the service: the store first, then the socket. Rejects with StartError, or with the reason of `stop`. */
export async function startState(options: OpenStoreOptions): Promise<State> {
  const opened = await openStore(options);
  try {
    return await serve(opened, options);
  } catch (error) {
    await opened.close().catch(() => undefined);
    throw error;
  }
}

async function serve(opened: OpenStore, options: OpenStoreOptions): Promise<State> {
  const { config, logger, stop } = options;
  const { state } = config;
  const registry = new Registry();
  const server = createRequestServer(opened, options, registry);
  const socket = await listenOnSocketFile(server.netServer, state.socket, { mode: state.socket_mode });
  const monitoring = await startMonitoring({
    ...state.monitoring,
    registry,
    logger,
    check: () => healthOf(opened, server, stop),
  });
  logger.info(
    {
      socket: socket.path,
      backend: state.backend,
      metrics: hostAndPort(monitoring.prometheus),
      health: hostAndPort(monitoring.health),
    },
    'state is ready',
  );
  return {
    async drain(enter) {
      enter('answering what has arrived');
      socket.remove();
      const { cut } = await server.drain(DRAIN_CONNECTIONS_MS);
      if (cut > 0)
        logger.warn({ connections: cut }, 'clients had not taken their answers when time was over');
      enter(`closing the store (${state.backend})`);
      await opened.close();
      await monitoring.close();
    },
  };
}

/** The server, with what it tells the log and /metrics. */
function createRequestServer(
  { store, withheldSecrets }: OpenStore,
  { config, logger }: OpenStoreOptions,
  registry: Registry,
): StateServer {
  const { state } = config;
  const log = rateLimited(logger, { intervalMs: LOG_INTERVAL_MS });
  const carryOutOptions = {
    store,
    nodeId: config.server.nodeId,
    upsertUpdates: state.upsert_updates,
    responseBytesMax: state.max_response_size,
    onTruncated: (jobs: number) => {
      metrics.truncated();
      log(
        'warn',
        'truncated',
        { jobs },
        'a list without a limit would be longer than state.max_response_size: only the jobs that were updated last are in it',
      );
    },
  };
  const server: StateServer = createStateServer({
    requestBytesMax: state.max_message_size,
    answer: (request: StateRequest) => answerTo(request, carryOutOptions),
    onAnswer: (answer, durationMs) => {
      metrics.answered(answer, durationMs);
      tellTrouble(answer, log);
    },
    onClosed: (closed) => {
      metrics.closed(closed);
      if (closed.reason === 'stuck') log('warn', 'stuck', closed, 'a client that took no answers was closed');
    },
    onRefused: () => {
      metrics.refused();
      log('warn', 'refused', {}, 'there are too many connections: a further one was closed');
    },
    onError: (error) => log('error', 'accept', { err: error }, 'a connection cannot be accepted'),
  });
  const metrics = requestMetrics(registry, () => server.figures());
  new Gauge({
    name: 'state_withheld_secrets',
    help: 'How often a job was answered without its secret environment: its key is not known, or it is damaged',
    registers: [registry],
    collect() {
      this.set(withheldSecrets());
    },
  });
  return server;
}

type Log = ReturnType<typeof rateLimited>;

/** What is wrong with the store, and with what senders would not notice themselves. */
function tellTrouble({ operation, code, cause }: Answer, log: Log): void {
  if (code === 'UNAVAILABLE') {
    log('warn', `failed ${operation ?? ''}`, { op: operation, err: cause }, 'a request failed');
  } else if (code === 'INVALID_JSON' || code === 'TOO_LARGE' || code === 'UNKNOWN_OPERATION') {
    log('warn', code, { code }, 'a request cannot be understood');
  }
}

async function healthOf({ store }: OpenStore, server: StateServer, stop: AbortSignal): Promise<Health> {
  const { connections } = server.figures();
  const { ok, details } = await store.healthCheck().catch((error: unknown) => ({
    ok: false,
    details: [messageOf(error)],
  }));
  const status = stop.aborted ? 'stopping' : ok ? 'ok' : 'degraded';
  return { status, checks: { store: ok ? 'ok' : 'failing', details, connections } };
}

function hostAndPort(address: AddressInfo | undefined): string | undefined {
  if (!address) return undefined;
  const { address: host, port, family } = address;
  return family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`;
}
