import { afterEach, expect, it } from '@jest/globals';
import { findOpenssl, findRedis, startRedis, type RedisServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { newJob, type StateStore } from '@joblet/state-store';
import { limits, openRedisStateStore } from './index.js';
import { indexProblems } from './testing/check-database.js';

const job = (uuid: string, fields: object = {}) =>
  newJob({ uuid, status: 'RUNNING', nodeId: 'node-1', ...fields });

const owned: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of owned.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

async function start(options?: Parameters<typeof startRedis>[0]): Promise<RedisServer> {
  const server = await startRedis(options);
  owned.push(server);
  return server;
}

async function open(options: Parameters<typeof openRedisStateStore>[0]): Promise<StateStore> {
  const store = await openRedisStateStore(options);
  owned.push(store);
  return store;
}

const expectTooLate = (call: Promise<unknown>) =>
  expect(call).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+: no answer in 300 ms$/),
  });

describeWithServer('a connection to Redis', findRedis, () => {
  it('has a password, a number of a database, and an endpoint in either form', async () => {
    const server = await start({ password: 'pass word/@' });
    const password = 'pass word/@';
    const endpoint = `127.0.0.1:${server.port}`;
    await (await open({ endpoint, password, db: 3 })).create(job('a'));
    const same = await open({ endpoint: `${server.url}/3` });
    expect((await same.get('a')).uuid).toBe('a');
    const other = await open({ endpoint: server.url, password: '' });
    await expect(other.get('a')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  });

  it('that the server refuses is INVALID_ARGUMENT, and the password is not told', async () => {
    const { port } = await start({ password: 'right' });
    for (const options of [
      { endpoint: `127.0.0.1:${port}`, password: 'wr0ng' },
      { endpoint: `redis://:wr0ng@127.0.0.1:${port}` },
      { endpoint: `127.0.0.1:${port}` },
      { endpoint: `127.0.0.1:${port}`, password: 'right', db: 99 },
    ]) {
      const error: unknown = await open(options).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
      expect(String(error)).toContain(`Redis at 127.0.0.1:${port} cannot be opened: `);
      expect(String(error)).not.toMatch(/wr0ng|right/);
    }
  });

  it('is encrypted when it is asked for, and trusts no certificate but those it was told', async () => {
    if (findOpenssl() === undefined) return;
    const server = await start({ tls: true });
    const ca = server.ca!;
    await (await open({ endpoint: server.url, ca })).create(job('a'));
    const store = await open({ endpoint: `127.0.0.1:${server.port}`, tls: true, ca });
    expect((await store.get('a')).uuid).toBe('a');
    await expect(open({ endpoint: server.url })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('self-signed certificate'),
    });
  });

  it('is made again when the server comes back; what was asked for meanwhile is done then', async () => {
    const server = await start();
    const messages: string[] = [];
    const log = (_: object, message: string) => void messages.push(message);
    const logger = { debug: log, info: log, warn: log, error: log };
    const store = await open({ endpoint: server.url, logger });
    await store.create(job('a'));
    await server.kill();
    const create = store.create(job('b'));
    const settled = create.then(
      () => 'created',
      (error: { code: string }) => error.code,
    );
    await server.restart();
    // It was on its way when the connection broke, or it was not.
    expect(['created', 'UNAVAILABLE']).toContain(await settled);
    await store.update(job('a', { pid: 1 }));
    expect((await store.get('a')).version).toBe(2);
    expect(messages).toEqual(['there is no connection to Redis', 'there is a connection to Redis again']);
  });

  it('that hangs is UNAVAILABLE after a time, and made again', async () => {
    const server = await start();
    const store = await open({ endpoint: server.url, answerTimeoutMs: 300 });
    await store.create(job('a'));
    await server.pause();
    const refused = { code: 'UNAVAILABLE', message: expect.stringContaining('no answer in 300 ms') };
    await expect(store.get('a')).rejects.toMatchObject(refused);
    await expect(store.update(job('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await store.healthCheck()).toMatchObject({ ok: false });
    server.resume();
    for (;;) {
      const found = await store.get('a').catch(() => undefined);
      if (found !== undefined) break;
    }
    await store.update(job('a', { pid: 2 }));
  });

  it('that hangs keeps nobody longer who waits for changes of the same job', async () => {
    const server = await start();
    const store = await open({ endpoint: server.url, answerTimeoutMs: 300 });
    await store.create(job('a'));
    await server.pause();
    const updates = [1, 2, 3, 4, 5].map((pid) => expectTooLate(store.update(job('a', { pid }))));
    await updates[0];
    const isFirst = Promise.all(updates).then(() => true);
    expect(await Promise.race([isFirst, expectTooLate(store.get('b')).then(() => false)])).toBe(true);
  });

  it('takes so many calls at a time, and no more', async () => {
    const server = await start();
    const store = await open({ endpoint: server.url, answerTimeoutMs: 60_000 });
    await server.pause();
    const gets = Array.from({ length: limits.CALLS_MAX + 1 }, () => store.get('a'));
    const results = Promise.allSettled(gets);
    await expect(gets[limits.CALLS_MAX]).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    server.resume();
    const codes = (await results).map((one) =>
      one.status === 'rejected' ? (one.reason as { code: string }).code : '',
    );
    expect(codes.filter((code) => code === 'JOB_NOT_FOUND')).toHaveLength(limits.CALLS_MAX);
  });

  it.each([
    ['', 'endpoint is neither'],
    ['http://x', 'endpoint is neither'],
    ['host:99999', 'endpoint is neither'],
    ['redis://host/name', 'is no number of a database'],
  ])('to %j is INVALID_ARGUMENT', async (endpoint, message) => {
    await expect(open({ endpoint })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
    });
  });

  it('to a server that is not there is given up when it is told to', async () => {
    const server = await start();
    await server.kill();
    const stop = new AbortController();
    const ignore = () => undefined;
    const warn = () => void setImmediate(() => stop.abort());
    const logger = { debug: ignore, info: ignore, warn, error: ignore };
    const opened = open({ endpoint: server.url, signal: stop.signal, logger });
    await expect(opened).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describeWithServer('the health of Redis', findRedis, () => {
  const loggerTo = (messages: string[]) => {
    const log = (_: object, message: string) => void messages.push(message);
    return { debug: log, info: log, warn: log, error: log };
  };

  it('is good, with nothing to say, when every change is synced', async () => {
    const server = await start();
    const store = await open({ endpoint: server.url, answerTimeoutMs: 1_000 });
    expect(await store.healthCheck()).toEqual({ ok: true, details: [] });
    await server.kill();
    const { ok, details } = await store.healthCheck();
    expect([ok, details]).toEqual([false, [expect.stringContaining(`Redis at 127.0.0.1:${server.port}: `)]]);
  });

  it.each([
    [{ appendOnly: false }, 'has no append-only file'],
    [{ settings: { appendfsync: 'everysec' } }, 'has appendfsync everysec'],
    [{ settings: { appendfsync: 'no' } }, 'has appendfsync no'],
    [
      { settings: { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' } },
      'has maxmemory-policy allkeys-lru',
    ],
  ])('says what Redis may lose (%j), as does a warning when the store opens', async (options, text) => {
    const server = await start(options);
    const messages: string[] = [];
    const store = await open({ endpoint: server.url, logger: loggerTo(messages) });
    expect(await store.healthCheck()).toEqual({ ok: true, details: [expect.stringContaining(text)] });
    expect(messages).toEqual([expect.stringContaining(text)]);
  });
});

describeWithServer('Redis that is killed while twenty writers change jobs', findRedis, () => {
  it('has every acknowledged change, and no half of one, each time', async () => {
    const server = await start();
    const store = await open({ endpoint: server.url });
    const acknowledged = new Map<string, number>();
    for (let life = 0; life < 4; life++) {
      let count = 0;
      let isKilled = false;
      let killed: Promise<void> | undefined;
      const write = async (writer: number): Promise<void> => {
        for (let number = 0; !isKilled; number++) {
          const uuid = `${life}-${writer}-${number}`;
          const steps = [
            () => store.create(job(uuid, { step: 0 })),
            () => store.update(job(uuid, { step: 1, status: 'COMPLETED' })),
            () => store.delete(uuid),
          ];
          for (const [step, make] of steps.slice(0, number % 3 === 0 ? 2 : 3).entries()) {
            try {
              await make();
            } catch (error) {
              expect(error).toMatchObject({ code: 'UNAVAILABLE' });
              return;
            }
            acknowledged.set(uuid, step);
            if (++count < 300 + life * 77 || isKilled) continue;
            isKilled = true;
            killed = server.kill();
          }
        }
      };
      await Promise.all(Array.from({ length: 20 }, (_, writer) => write(writer)));
      await killed;
      await server.restart();
      const { jobs } = await store.list();
      const stored = new Map(
        jobs.map(({ uuid, json }) => [uuid, (JSON.parse(json) as { step: number }).step]),
      );
      for (const [uuid, step] of acknowledged) {
        // The next step may have been made before it could be told.
        const found = stored.get(uuid) ?? 2;
        expect(`${uuid} ${found}`).toBe(`${uuid} ${found === step + 1 ? step + 1 : step}`);
        acknowledged.set(uuid, found);
      }
      expect(await indexProblems(server.url)).toEqual([]);
    }
    expect(acknowledged.size).toBeGreaterThan(300);
  });
});
