import { describe, expect, it } from '@jest/globals';
import { newJob, StateStoreError, type StateStore } from '@joblet/state-store';
import { createMemoryStore } from '@joblet/state-store/memory';
import { REQUESTS_IN_FLIGHT_MAX, UNSENT_BYTES_MAX } from './limits.js';
import { startTestServer } from './testing/test-server.js';

const line = (request: object): string => `${JSON.stringify(request)}\n`;

/** A memory store whose `get` of a uuid waits until it is let go. */
function storeWithGates(): { store: StateStore; gates: Map<string, () => void>; gets: string[] } {
  const memory = createMemoryStore();
  const gates = new Map<string, () => void>();
  const gets: string[] = [];
  const store: StateStore = {
    supports: memory.supports,
    create: (job, options) => memory.create(job, options),
    update: (job, options) => memory.update(job, options),
    delete: (uuid, options) => memory.delete(uuid, options),
    list: (filter) => memory.list(filter),
    sync: (jobs, scope) => memory.sync(jobs, scope),
    healthCheck: () => memory.healthCheck(),
    close: () => memory.close(),
    [Symbol.asyncDispose]: () => memory.close(),
    async get(uuid) {
      gets.push(uuid);
      if (uuid.startsWith('slow')) await new Promise<void>((resolve) => gates.set(uuid, resolve));
      return memory.get(uuid);
    },
  };
  return { store, gates, gets };
}

const UNTIL_MS = 20_000;

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`not so within ${UNTIL_MS} ms: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('the order of answers', () => {
  it('is that of the requests, which run at the same time', async () => {
    const { store, gates, gets } = storeWithGates();
    await using test = await startTestServer({ store });
    await store.create(newJob({ uuid: 'slow-1' }));
    await store.create(newJob({ uuid: 'slow-2' }));
    const client = await test.connect();
    client.write(
      ['slow-1', 'slow-2', 'quick'].map((jobId) => line({ op: 'get', jobId, requestId: jobId })).join(''),
    );
    await until(() => gets.length === 3);
    gates.get('slow-2')!();
    await until(() => test.answers.length === 2);
    gates.get('slow-1')!();
    const ids = [await client.reply(), await client.reply(), await client.reply()];
    expect(ids.map((reply) => [reply?.requestId, reply?.success])).toEqual([
      ['slow-1', true],
      ['slow-2', true],
      ['quick', false],
    ]);
  });

  it('requests of one job, lists and syncs see what came before them', async () => {
    await using test = await startTestServer();
    const client = await test.connect();
    const count = 200;
    let text = '';
    for (let index = 0; index < count; index++) {
      const uuid = `job-${index}`;
      text += line({ op: 'create', job: { uuid, status: 'PENDING' } });
      text += line({ op: 'update', job: { uuid, status: 'RUNNING' } });
      text += line({ op: 'get', jobId: uuid });
      text += line({ op: 'list', filter: { prefix: uuid } });
      text += line({ op: 'delete', jobId: uuid });
      text += line({ op: 'get', jobId: uuid });
    }
    client.write(text);
    for (let index = 0; index < count; index++) {
      expect(await client.reply()).toMatchObject({ job: { status: 'PENDING' } });
      expect(await client.reply()).toMatchObject({ job: { status: 'RUNNING' } });
      expect(await client.reply()).toMatchObject({ job: { status: 'RUNNING', version: 2 } });
      expect((await client.reply())?.jobs).toHaveLength(1);
      expect(await client.reply()).toMatchObject({ success: true });
      expect(await client.reply()).toMatchObject({ success: false, code: 'JOB_NOT_FOUND' });
    }
  });

  it('at most so many requests of a connection are under way; the others wait, and none is lost', async () => {
    const { store, gates, gets } = storeWithGates();
    await using test = await startTestServer({ store });
    const client = await test.connect();
    const count = REQUESTS_IN_FLIGHT_MAX * 3;
    const ids = Array.from({ length: count }, (_, index) => `slow-${index}`);
    client.write(ids.map((jobId) => line({ op: 'get', jobId, requestId: jobId })).join(''));
    await until(() => gets.length === REQUESTS_IN_FLIGHT_MAX);
    const other = await test.connect();
    expect(await other.ask({ op: 'ping', requestId: 'p' })).toEqual({ requestId: 'p', success: true });
    expect(gets).toHaveLength(REQUESTS_IN_FLIGHT_MAX);
    expect(test.server.figures().requestsInFlight).toBe(REQUESTS_IN_FLIGHT_MAX);
    for (const id of ids) {
      await until(() => gates.has(id));
      gates.get(id)!();
      expect((await client.reply())?.requestId).toBe(id);
    }
  });
});

describe('lines', () => {
  it.each([1, 7, 64 * 1024])('come in pieces of %d bytes', async (size) => {
    await using test = await startTestServer();
    const client = await test.connect();
    const text = Buffer.from(
      line({ op: 'create', job: { uuid: 'jöb-ü', command: '✓'.repeat(200) } }) +
        line({ op: 'get', jobId: 'jöb-ü' }),
    );
    for (let at = 0; at < text.length; at += size) {
      client.socket.write(text.subarray(at, at + size));
      if (at % 97 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await client.reply()).toMatchObject({ success: true });
    expect(await client.reply()).toMatchObject({ job: { uuid: 'jöb-ü', command: '✓'.repeat(200) } });
  });

  it('over the limit are answered before they end, and skipped; what follows is answered', async () => {
    await using test = await startTestServer({ requestBytesMax: 1_000 });
    const client = await test.connect();
    const fitting = JSON.stringify({ op: 'ping' }).padEnd(1_000);
    client.write(`${fitting}\n${fitting} \n`);
    expect(await client.reply()).toMatchObject({ success: true });
    const tooLong = { requestId: '', success: false, code: 'TOO_LARGE' };
    expect(await client.reply()).toMatchObject(tooLong);
    client.write('{"op":"create","job":{"uuid":"big","command":"');
    client.write('x'.repeat(100_000));
    expect(await client.reply()).toMatchObject(tooLong);
    client.write(`${'x'.repeat(100_000)}"}}\n${line({ op: 'ping', requestId: 'after' })}`);
    expect(await client.reply()).toEqual({ requestId: 'after', success: true });
    expect(test.server.figures().halfRequestBytes).toBe(0);
  });

  it('half a line and gone: nothing is done, the others go on', async () => {
    await using test = await startTestServer();
    const client = await test.connect();
    client.write(`${line({ op: 'ping' })}{"op":"create","job":{"uuid":"half`);
    expect(await client.reply()).toMatchObject({ success: true });
    await until(() => test.server.figures().halfRequestBytes > 0);
    client.close();
    await until(() => test.closed.length === 1);
    expect(test.closed[0]).toMatchObject({ isWithinRequest: true });
    expect(test.server.figures()).toMatchObject({ connections: 0, halfRequestBytes: 0 });
    const other = await test.connect();
    expect(await other.ask({ op: 'list' })).toMatchObject({ success: true, jobs: [] });
  });

  it('the last one needs no newline when the client sends nothing more', async () => {
    await using test = await startTestServer();
    const client = await test.connect();
    client.socket.end('{"op":"create","job":{"uuid":"last"}}');
    expect(await client.reply()).toMatchObject({ job: { uuid: 'last' } });
    expect(await client.reply()).toBeUndefined();
    const other = await test.connect();
    other.socket.end('{"op":"create","job":{"uuid":"half');
    expect(await other.reply()).toMatchObject({ code: 'INVALID_JSON', requestId: '' });
    expect(await other.reply()).toBeUndefined();
  });

  it.each(['{not json}', '', '[]', '"x"', '{"op":', '\u0000', '{"op":"ping"}}'])(
    '%j is no request, and the connection goes on',
    async (text) => {
      await using test = await startTestServer();
      const client = await test.connect();
      client.write(`${text}\n`);
      const reply = await client.reply();
      expect(reply).toMatchObject({ requestId: '', success: false, code: 'INVALID_JSON' });
      expect(reply?.error).toMatch(/^INVALID_JSON: /);
      expect(await client.ask({ op: 'ping' })).toMatchObject({ success: true });
    },
  );
});

describe('many and slow clients', () => {
  it('1,000 connections at a time are all answered', async () => {
    await using test = await startTestServer();
    const clients = [];
    for (let count = 0; count < 1_000; count += 100)
      clients.push(...(await Promise.all(Array.from({ length: 100 }, () => test.connect()))));
    const replies = await Promise.all(
      clients.map((client, index) =>
        client.ask({ op: 'create', job: { uuid: `job-${index}` }, requestId: String(index) }),
      ),
    );
    expect(replies.map(({ requestId, success }) => [requestId, success])).toEqual(
      clients.map((_, index) => [String(index), true]),
    );
    expect(test.server.figures().connections).toBe(1_000);
  });

  it('one that never reads is read no further, holds little memory and nobody back', async () => {
    const store = createMemoryStore();
    const job = newJob({ uuid: 'job', command: 'x'.repeat(10_000) });
    await store.create(job);
    await using test = await startTestServer({ store });
    const silent = await test.connect();
    silent.socket.pause();
    const request = line({ op: 'get', jobId: 'job' });
    for (let count = 0; count < 100; count++) silent.write(request.repeat(1_000));
    await until(() => test.server.figures().unsentBytes > UNSENT_BYTES_MAX);
    const other = await test.connect();
    for (let count = 0; count < 100; count++) await other.ask({ op: 'ping' });
    const { unsentBytes } = test.server.figures();
    expect(unsentBytes).toBeLessThan(UNSENT_BYTES_MAX + (REQUESTS_IN_FLIGHT_MAX + 1) * 11_000);
    expect(test.answers.length).toBeLessThan(2_000);
    silent.close();
    await until(() => test.closed.length === 1);
    expect(test.closed[0].unanswered).toBeGreaterThan(0);
    expect(test.server.figures().unsentBytes).toBe(0);
  });

  it('one that takes no answers is closed after a time; so is one within a request, and none that is idle', async () => {
    const store = createMemoryStore();
    await store.create(newJob({ uuid: 'job', command: 'x'.repeat(10_000) }));
    await using test = await startTestServer({ store, stuckMs: 50 });
    const idle = await test.connect();
    await idle.ask({ op: 'ping' });
    const silent = await test.connect();
    silent.socket.pause();
    silent.write(line({ op: 'get', jobId: 'job' }).repeat(1_000));
    const half = await test.connect();
    half.write('{"op":');
    await until(() => test.closed.length === 2);
    expect(test.closed.map(({ reason }) => reason)).toEqual(['stuck', 'stuck']);
    expect(await idle.ask({ op: 'ping' })).toMatchObject({ success: true });
  });

  it('one that stops within a request is closed also when it was idle for longer before', async () => {
    await using test = await startTestServer({ stuckMs: 20 });
    const idle = await test.connect();
    await idle.ask({ op: 'ping' });
    const half = await test.connect();
    half.write('{"op":');
    await until(() => test.closed.length === 1);
    idle.write('{"op":');
    await until(() => test.closed.length === 2);
    expect(test.closed.map(({ reason }) => reason)).toEqual(['stuck', 'stuck']);
  });

  it('one that reads late gets every answer', async () => {
    const store = createMemoryStore();
    await store.create(newJob({ uuid: 'job', command: 'x'.repeat(50_000) }));
    await using test = await startTestServer({ store });
    const client = await test.connect();
    client.write(
      Array.from({ length: 300 }, (_, index) =>
        line({ op: 'get', jobId: 'job', requestId: `${index}` }),
      ).join(''),
    );
    await until(() => test.server.figures().unsentBytes > UNSENT_BYTES_MAX);
    for (let index = 0; index < 300; index++) expect((await client.reply())?.requestId).toBe(`${index}`);
  });
});

describe('answers that nobody takes', () => {
  it('are counted when the client closes', async () => {
    const store = createMemoryStore();
    await using test = await startTestServer({ store });
    for (let index = 0; index < 400; index++)
      await store.create(newJob({ uuid: `job-${index}`, name: 'x'.repeat(10_000) }));
    const client = await test.connect();
    client.write(line({ op: 'list' }) + line({ op: 'ping' }));
    await until(() => test.server.figures().unsentBytes > 0);
    client.close();
    await until(() => test.closed.length === 1);
    expect(test.closed[0].unanswered).toBeGreaterThanOrEqual(1);
  });
});

describe('drain', () => {
  it('answers what has arrived, and takes no new clients', async () => {
    const { store, gates, gets } = storeWithGates();
    await using test = await startTestServer({ store });
    const client = await test.connect();
    const idle = await test.connect();
    client.write(line({ op: 'get', jobId: 'slow-1', requestId: 'a' }) + line({ op: 'ping', requestId: 'b' }));
    await until(() => gets.length === 1);
    const drained = test.server.drain(10_000);
    expect(await idle.reply()).toBeUndefined();
    gates.get('slow-1')!();
    expect((await client.reply())?.requestId).toBe('a');
    expect((await client.reply())?.requestId).toBe('b');
    expect(await client.reply()).toBeUndefined();
    expect(await drained).toEqual({ cut: 0 });
    await expect(test.connect()).rejects.toThrow();
  });

  it('answers all that was sent before, however much, and does nothing of half a request', async () => {
    await using test = await startTestServer();
    const client = await test.connect();
    const half = await test.connect();
    const job = { uuid: 'half', name: 'x'.repeat(300_000) };
    half.write(line({ op: 'create', job, requestId: 'half' }).slice(0, 250_000));
    await until(() => test.server.figures().halfRequestBytes === 250_000);
    const count = 3_000;
    for (let index = 0; index < count; index++)
      client.write(line({ op: 'create', job: { uuid: `job-${index}` }, requestId: `${index}` }));
    await until(() => client.socket.writableLength === 0);
    const halfReply = half.reply();
    const drained = test.server.drain(10_000);
    for (let index = 0; index < count; index++)
      expect(await client.reply()).toMatchObject({ requestId: `${index}`, success: true });
    expect(await client.reply()).toBeUndefined();
    expect(await halfReply).toBeUndefined();
    expect(await drained).toEqual({ cut: 0 });
    expect(
      test.closed.map(({ isWithinRequest, unanswered }) => [isWithinRequest, unanswered]).sort(),
    ).toEqual([
      [false, 0],
      [true, 0],
    ]);
  });

  it('cuts those that take too long', async () => {
    const { store, gets } = storeWithGates();
    await using test = await startTestServer({ store });
    const client = await test.connect();
    client.write(line({ op: 'get', jobId: 'slow-1' }));
    await until(() => gets.length === 1);
    expect(await test.server.drain(10)).toEqual({ cut: 1 });
    expect(await client.reply()).toBeUndefined();
    await until(() => test.closed.length === 1);
    expect(test.closed).toEqual([{ reason: 'stuck', isWithinRequest: false, unanswered: 1 }]);
  });
});

describe('a store that fails', () => {
  it.each([
    ['UNAVAILABLE', new StateStoreError('UNAVAILABLE', 'the disk is full'), 'GET_ERROR: the disk is full'],
    ['INTERNAL', new StateStoreError('INTERNAL', 'a job is damaged'), 'GET_ERROR: a job is damaged'],
    ['a bug', new TypeError('s3cret'), 'GET_ERROR: internal error'],
    ['no error', 'text', 'GET_ERROR: internal error'],
  ])('%s', async (_name, thrown, error) => {
    const store: StateStore = Object.assign(createMemoryStore(), { get: () => Promise.reject(thrown) });
    await using test = await startTestServer({ store });
    const client = await test.connect();
    expect(await client.ask({ op: 'get', jobId: 'x', requestId: 'r' })).toEqual({
      requestId: 'r',
      success: false,
      error,
      code: 'UNAVAILABLE',
    });
    expect(test.answers[0].cause).toBe(thrown);
  });

  it('one that answers with no job at all is a failure of its own, not of the connection', async () => {
    const store: StateStore = Object.assign(createMemoryStore(), {
      create: () => Promise.resolve(null as never),
      list: () => Promise.resolve({ jobs: [{}] } as never),
      sync: () => {
        throw new Error('at once');
      },
    });
    await using test = await startTestServer({ store });
    const client = await test.connect();
    expect(await client.ask({ op: 'create', job: { uuid: 'x' } })).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.ask({ op: 'list' })).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.ask({ op: 'sync', jobs: [] })).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.ask({ op: 'ping' })).toMatchObject({ success: true });
  });
});
