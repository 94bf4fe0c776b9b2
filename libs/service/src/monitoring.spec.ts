import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Counter, Registry } from 'prom-client';
import { startMonitoring, type Health, type Monitoring, type MonitoringOptions } from './monitoring.js';

let running: Monitoring[] = [];
afterEach(async () => {
  await Promise.all(running.map((monitoring) => monitoring.close()));
  running = [];
});

async function start(options: Partial<MonitoringOptions> = {}) {
  const registry = new Registry();
  const warnings: string[] = [];
  const monitoring = await startMonitoring({
    prometheus: '127.0.0.1:0',
    health: '127.0.0.1:0',
    registry,
    check: () => ({ status: 'ok', checks: {} }),
    logger: { warn: (_fields, message) => warnings.push(message) },
    ...options,
  });
  running.push(monitoring);
  return { monitoring, registry, warnings };
}

async function get(address: AddressInfo | undefined, path: string, method = 'GET', agent?: Agent) {
  if (address === undefined) throw new Error('not listening');
  const sent = request({ host: address.address, port: address.port, path, method, ...(agent && { agent }) });
  sent.end();
  const [response] = await once(sent, 'response');
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

describe('/metrics', () => {
  it("has the service's metrics and the process's", async () => {
    const { monitoring, registry } = await start();
    new Counter({ name: 'persist_rows_total', help: 'Rows.', registers: [registry] }).inc(3);
    const { status, headers, body } = await get(monitoring.prometheus, '/metrics?x=1');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe(registry.contentType);
    expect(body).toMatch(/^persist_rows_total 3$/m);
    expect(body).toMatch(/^process_cpu_seconds_total /m);
  });

  it('answers 500 when a metric cannot be read, and says why', async () => {
    const { monitoring, registry, warnings } = await start();
    new Counter({
      name: 'broken_total',
      help: 'x',
      registers: [registry],
      collect: () => {
        throw new Error('why');
      },
    });
    expect((await get(monitoring.prometheus, '/metrics')).status).toBe(500);
    expect(warnings).toEqual(['/metrics failed']);
  });
});

describe('/health', () => {
  it.each([
    ['ok', 200],
    ['degraded', 503],
    ['stopping', 503],
  ] as const)('%s is %i', async (status, code) => {
    const health: Health = { status, checks: { disk: { freeMb: 5 } } };
    const { monitoring } = await start({ check: () => Promise.resolve(health) });
    const answer = await get(monitoring.health, '/health');
    expect([answer.status, answer.headers['content-type'], JSON.parse(answer.body)]).toEqual([
      code,
      'application/json',
      health,
    ]);
  });

  it('is degraded when the check throws, or does not answer', async () => {
    const failing = await start({ check: () => Promise.reject(new Error('disk gone')) });
    const answer = await get(failing.monitoring.health, '/health');
    expect([answer.status, JSON.parse(answer.body)]).toEqual([
      503,
      { status: 'degraded', checks: { health: 'disk gone' } },
    ]);

    const hanging = await start({ check: () => new Promise<Health>(() => undefined) });
    expect((await get(hanging.monitoring.health, '/health')).body).toContain('no answer within');
  });
});

describe('both', () => {
  it('know one path and two methods', async () => {
    const { monitoring } = await start();
    expect((await get(monitoring.health, '/metrics')).status).toBe(404);
    expect((await get(monitoring.prometheus, '/')).status).toBe(404);
    expect(await get(monitoring.health, '/health', 'POST')).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD' },
    });
    const head = await get(monitoring.health, '/health', 'HEAD');
    expect([head.status, head.body]).toEqual([200, '']);
  });

  it('may be off', async () => {
    const { monitoring } = await start({ prometheus: '', health: '' });
    expect([monitoring.prometheus, monitoring.health]).toEqual([undefined, undefined]);
  });

  it('warn when a port is in use, and go on', async () => {
    const port = (await start()).monitoring.prometheus?.port;
    const { monitoring, warnings } = await start({ prometheus: `127.0.0.1:${port}` });
    expect(warnings).toEqual([
      `/metrics is off: cannot listen on 127.0.0.1:${port} (monitoring.prometheus): another process listens there; stop it or choose another address (EADDRINUSE)`,
    ]);
    expect(monitoring.prometheus).toBeUndefined();
    expect((await get(monitoring.health, '/health')).status).toBe(200);
  });

  it('listen on all interfaces, or on IPv6', async () => {
    const { monitoring } = await start({ prometheus: ':0', health: '[::1]:0' });
    expect(['::', '0.0.0.0']).toContain(monitoring.prometheus?.address);
    expect(monitoring.health?.address).toBe('::1');
    expect((await get(monitoring.health, '/health')).status).toBe(200);
  });

  it.each(['9092', 'host', '::1:9092', 'h:65536', 'h:-1', 'http://h:1'])('refuse %j', async (prometheus) => {
    await expect(start({ prometheus })).rejects.toThrow(TypeError);
  });

  it('close at once, with connections open: idle, asking, or silent', async () => {
    const { monitoring } = await start({ check: () => new Promise<Health>(() => undefined) });
    const address = monitoring.health!;
    const agent = new Agent({ keepAlive: true });
    await get(address, '/nothing', 'GET', agent);
    const [idle] = Object.values(agent.freeSockets).flat();
    const silent = connect(address.port, address.address);
    const asking = request({ host: address.address, port: address.port, path: '/health' }).end();
    await Promise.all([once(silent, 'connect'), once(asking, 'finish')]);
    const ended = [once(idle!, 'close'), once(silent, 'close'), once(asking, 'error')];
    await monitoring.close();
    await Promise.all(ended);
    running = [];
  });
});
