import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { HEALTH_CHECK_MS } from './limits.js';
import { systemReason } from './system-reason.js';

export interface Health {
  /** Anything but `ok` answers 503. */
  readonly status: 'ok' | 'degraded' | 'stopping';
  /** What was looked at, and what was found; JSON values. */
  readonly checks: Readonly<Record<string, unknown>>;
}

export interface MonitoringOptions {
  /** Where /metrics is: `host:port`, `[::1]:port`, `:port` for all interfaces, or "" for nowhere. */
  readonly prometheus: string;
  /** Where /health is; as `prometheus`. */
  readonly health: string;
  /** What /metrics shows; the process's own metrics are added. */
  readonly registry: Registry;
  /** A check that throws, or takes longer than 2 s, is `degraded`. */
  readonly check: () => Health | Promise<Health>;
  readonly logger: { warn(fields: object, message: string): void };
}

export interface Monitoring {
  /** Where /metrics and /health really are; absent when off, or when the port was not to be had. */
  readonly prometheus?: AddressInfo;
  readonly health?: AddressInfo;
  /** Ends open connections too. */
  close(): Promise<void>;
}

/** What is answered on one path. */
interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Serves /metrics and /health, each on its own port. A port that cannot be listened on is a warning: a service does
 * its work without. Rejects with TypeError for an address that is none.
 */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring> {
  const { registry, check, logger } = options;
  const addresses = { prometheus: parseAddress(options.prometheus), health: parseAddress(options.health) };

  const metricsPage = async (): Promise<Page> => ({
    status: 200,
    type: registry.contentType,
    body: await registry.metrics(),
  });
  const metrics = await serve(addresses.prometheus, '/metrics', 'monitoring.prometheus', metricsPage, logger);
  if (metrics !== undefined) collectDefaultMetrics({ register: registry });
  const health = await serve(
    addresses.health,
    '/health',
    'monitoring.health',
    () => healthPage(check),
    logger,
  );
  return {
    ...(metrics && { prometheus: metrics.address }),
    ...(health && { health: health.address }),
    close: async () => {
      for (const served of [metrics, health]) if (served !== undefined) await closeServer(served.server);
    },
  };
}

interface Address {
  readonly host?: string;
  readonly port: number;
}

/** undefined for "". */
function parseAddress(text: string): Address | undefined {
  if (text === '') return undefined;
  const [, ipv6, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = ipv6 ?? name;
  if (host === undefined || Number(port) > 65_535)
    throw new TypeError(
      `address: found ${JSON.stringify(text)}, expected host:port, [::1]:port, :port or ""`,
    );
  return host === '' ? { port: Number(port) } : { host, port: Number(port) };
}

async function serve(
  address: Address | undefined,
  path: string,
  setting: string,
  page: () => Promise<Page>,
  logger: MonitoringOptions['logger'],
): Promise<{ readonly server: Server; readonly address: AddressInfo } | undefined> {
  if (address === undefined) return undefined;
  const server = createServer((request, response) => {
    void answer(request, response, path, page, logger);
  });
  try {
    server.listen(address);
    await once(server, 'listening');
  } catch (error) {
    const where = `${address.host ?? ''}:${address.port}`;
    logger.warn(address, `${path} is off: cannot listen on ${where} (${setting}): ${systemReason(error)}`);
    return undefined;
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new TypeError(`${path}: expected a TCP address`);
  return { server, address: bound };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  page: () => Promise<Page>,
  logger: MonitoringOptions['logger'],
): Promise<void> {
  const { status, type, body } = await findPage(request, path, page).catch((error: unknown): Page => {
    logger.warn({ err: error }, `${path} failed`);
    return plainText(500, 'internal error');
  });
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status === 405 && { allow: 'GET, HEAD' }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

async function findPage(request: IncomingMessage, path: string, page: () => Promise<Page>): Promise<Page> {
  if (request.url?.split('?')[0] !== path) return plainText(404, `only ${path} is here`);
  if (request.method !== 'GET' && request.method !== 'HEAD') return plainText(405, 'only GET and HEAD');
  return page();
}

function plainText(status: number, text: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: `${text}\n` };
}

async function healthPage(check: MonitoringOptions['check']): Promise<Page> {
  const stop = new AbortController();
  const tooLong = async (): Promise<never> => {
    await delay(HEALTH_CHECK_MS, undefined, { signal: stop.signal });
    throw new Error(`no answer within ${HEALTH_CHECK_MS} ms`);
  };
  const health = await Promise.race([Promise.resolve().then(check), tooLong()])
    .catch((error: unknown): Health => {
      const reason = error instanceof Error ? error.message : String(error);
      return { status: 'degraded', checks: { health: reason } };
    })
    .finally(() => stop.abort());
  const status = health.status === 'ok' ? 200 : 503;
  return { status, type: 'application/json', body: `${JSON.stringify(health)}\n` };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
