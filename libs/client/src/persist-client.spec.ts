import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { generateKeyPairSync } from 'node:crypto';
import { createSecureServer, createServer, type ServerHttp2Session } from 'node:http2';
import { createServer as createNetServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { JobSort, PersistService, type ListJobsRequest } from '@joblet/proto/persist';
import { ClientError } from './client-error.js';
import { createPersistClient, type PersistClient, type PersistClientOptions } from './persist-client.js';
import type { PersistTarget } from './target.js';

type Fake = Partial<ServiceImpl<typeof PersistService>>;

/** Proto3 enums are open: a newer daemon may send a number without a name. */
const UNKNOWN_STREAM: number = 7;

const pem = (name: string): string => readFileSync(new URL(`../testdata/${name}`, import.meta.url), 'utf8');
const CERT = pem('cert.pem');
const KEY = pem('key.pem');

let folder: string;
let socketPath: string;
const clients: PersistClient[] = [];
const servers: Server[] = [];
const sockets = new Set<Socket>();
const sessions = new Set<ServerHttp2Session>();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'client-'));
  socketPath = join(folder, 'grpc.sock');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const socket of sockets) socket.destroy();
  await Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done))));
  sessions.clear();
  rmSync(folder, { recursive: true });
});

function open(target: PersistTarget = { socketPath }, options?: PersistClientOptions): PersistClient {
  const client = createPersistClient(target, options);
  clients.push(client);
  return client;
}

const adapter = (fake: Fake) =>
  connectNodeAdapter({ acceptCompression: [], routes: (router) => router.service(PersistService, fake) });

/** Serves on the unix socket, or on a free loopback port whose number it tells. */
async function listen(server: Server, path?: string): Promise<number> {
  servers.push(server);
  server.on('session', (session: ServerHttp2Session) => sessions.add(session));
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) =>
    server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path }, done),
  );
  return path === undefined ? (server.address() as AddressInfo).port : 0;
}

const serve = (fake: Fake): Promise<number> => listen(createServer(adapter(fake)), socketPath);

/** Never ends, unless its caller gives up. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

async function collect<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return all;
}

async function errorOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ClientError) return error;
  throw new Error(`expected a ClientError, found ${String(error)}`);
}

describe('calls', () => {
  it('pings', async () => {
    await serve({ ping: () => ({ healthy: true, timestamp: 1_700_000_000_000_000_001n }) });
    expect(await open().ping()).toMatchObject({ healthy: true, timestamp: 1_700_000_000_000_000_001n });
  });

  it('streams log rows with their bytes and 64-bit numbers unchanged, and tells the gaps at the end', async () => {
    const content = Uint8Array.of(0, 255, 10, 128);
    await serve({
      async *queryLogs(request, context) {
        expect(request).toMatchObject({ jobId: 'job-1', stream: 2, startTime: 5n, tail: 3, filter: 'x' });
        expect(request.afterOrdinal).toBe(9n);
        context.responseTrailer.set('joblet-gaps', '4');
        yield { jobId: 'job-1', stream: 2, timestamp: 2n ** 62n + 1n, sequence: 2n ** 64n - 1n, content };
        yield { jobId: 'job-1', stream: UNKNOWN_STREAM, content: new Uint8Array(0) };
      },
    });
    const rows = open().queryLogs({
      jobId: 'job-1',
      stream: 2,
      startTime: 5n,
      tail: 3,
      filter: 'x',
      afterOrdinal: 9n,
    });
    expect(rows.gaps).toBeUndefined();
    const [first, second, ...more] = await collect(rows);
    expect(more).toHaveLength(0);
    expect(first).toMatchObject({
      jobId: 'job-1',
      stream: 2,
      timestamp: 2n ** 62n + 1n,
      sequence: 2n ** 64n - 1n,
    });
    expect(Buffer.compare(first.content, content)).toBe(0);
    expect(second.stream).toBe(7);
    expect(rows.gaps).toBe(4);
  });

  it('streams metrics; what a sample lacks stays absent', async () => {
    await serve({
      async *queryMetrics(request) {
        expect(request).toMatchObject({ aggregation: 'max', step: 60_000_000_000n });
        yield { jobId: 'j', timestamp: 1n, data: { cpuUsage: NaN, diskIo: { readBytes: 2n ** 53n + 1n } } };
      },
    });
    const rows = await collect(
      open().queryMetrics({ jobId: 'j', aggregation: 'max', step: 60_000_000_000n }),
    );
    expect(rows[0].data).toMatchObject({ cpuUsage: NaN, diskIo: { readBytes: 2n ** 53n + 1n } });
    expect(rows[0].data?.networkIo).toBeUndefined();
  });

  it('follows the pages of a list up to the limit', async () => {
    const requests: ListJobsRequest[] = [];
    const ids = Array.from({ length: 2_500 }, (_, index) => `job-${index}`);
    await serve({
      listJobs(request) {
        requests.push(request);
        const start = Number(request.cursor || 0);
        const end = start + request.limit;
        const jobs = ids.slice(start, end).map((jobId) => ({ jobId }));
        return { jobs, cursor: end < ids.length ? String(end) : '' };
      },
    });
    const client = open();
    const all = await collect(client.listJobs({ prefix: 'job', sort: 'newest' }));
    expect(all.map((job) => job.jobId)).toEqual(ids);
    expect(requests.map(({ cursor, prefix, sort }) => [cursor, prefix, sort])).toEqual([
      ['', 'job', JobSort.NEWEST],
      ['1000', 'job', JobSort.NEWEST],
      ['2000', 'job', JobSort.NEWEST],
    ]);
    expect(await collect(client.listJobs({ limit: 1_001 }))).toHaveLength(1_001);
    expect(requests.map(({ limit }) => limit)).toEqual([1_000, 1_000, 1_000, 1_000, 1]);
  });

  it('gives a job what it has, with zeros for what the service left out', async () => {
    await serve({
      getJobInfo: ({ jobId }) => ({
        jobId,
        firstTime: 1n,
        logs: { rows: 2n, bytes: 3n },
        gaps: 1n,
        exitCode: 0,
      }),
    });
    expect(await open().getJobInfo('j')).toEqual({
      jobId: 'j',
      firstTime: 1n,
      lastTime: 0n,
      logs: { rows: 2n, bytes: 3n },
      stdout: { rows: 0n, bytes: 0n },
      stderr: { rows: 0n, bytes: 0n },
      metrics: { rows: 0n, bytes: 0n },
      sizeBytes: 0n,
      gaps: 1n,
      ended: false,
      exitCode: 0,
    });
  });

  it('deletes, and an answer without success is an error', async () => {
    await serve({ deleteJob: ({ jobId }) => ({ success: jobId === 'good', message: 'disk on fire' }) });
    const client = open();
    await client.deleteJob('good');
    expect(await errorOf(client.deleteJob('bad'))).toMatchObject({
      code: 'INTERNAL',
      message: 'job bad was not deleted: disk on fire',
    });
  });

  it('ends the call when the loop is left', async () => {
    let ended: (() => void) | undefined;
    const end = new Promise<void>((done) => (ended = done));
    await serve({
      async *queryLogs(_, { signal }) {
        signal.addEventListener('abort', () => ended?.());
        yield { jobId: 'j' };
        await untilAborted(signal);
      },
    });
    for await (const row of open().queryLogs({ jobId: 'j' })) {
      expect(row.jobId).toBe('j');
      break;
    }
    await end;
  });
});

describe('errors of the service', () => {
  it.each([
    [Code.NotFound, 'NOT_FOUND'],
    [Code.InvalidArgument, 'INVALID_ARGUMENT'],
    [Code.PermissionDenied, 'PERMISSION_DENIED'],
    [Code.Unauthenticated, 'PERMISSION_DENIED'],
    [Code.Unavailable, 'UNAVAILABLE'],
    [Code.DeadlineExceeded, 'DEADLINE_EXCEEDED'],
    [Code.ResourceExhausted, 'RESOURCE_EXHAUSTED'],
    [Code.Aborted, 'ABORTED'],
    [Code.Internal, 'INTERNAL'],
    [Code.DataLoss, 'INTERNAL'],
  ])('status %i becomes %s with its message', async (status, code) => {
    await serve({
      getJobInfo() {
        throw new ConnectError('what the service says', status);
      },
    });
    const error = await errorOf(open().getJobInfo('j'));
    expect(error).toMatchObject({ code, message: 'what the service says' });
    expect(error.cause).toBeInstanceOf(ConnectError);
  });

  it('UNIMPLEMENTED for a method that the service does not have', async () => {
    await serve({ ping: () => ({}) });
    expect((await errorOf(open().getJobInfo('j'))).code).toBe('UNIMPLEMENTED');
  });

  it('keeps the rows that came before an error in the middle', async () => {
    await serve({
      async *queryLogs() {
        yield { jobId: 'j' };
        throw new ConnectError('block damaged', Code.Internal);
      },
    });
    const seen: string[] = [];
    const error = await errorOf(
      (async () => {
        for await (const row of open().queryLogs({ jobId: 'j' })) seen.push(row.jobId);
      })(),
    );
    expect(seen).toEqual(['j']);
    expect(error).toMatchObject({ code: 'INTERNAL', message: 'block damaged' });
  });
});

describe('errors on the way', () => {
  it('tells a missing socket, a dead one and one out of reach apart', async () => {
    expect(await errorOf(open().ping())).toMatchObject({
      code: 'UNAVAILABLE',
      message: `persist is not running: no socket at ${socketPath}; start it (joblet-persist), wait if it is just starting, or name another socket`,
    });
    writeFileSync(socketPath, '');
    expect(await errorOf(open().ping())).toMatchObject({
      code: 'UNAVAILABLE',
      message: `${socketPath} is no socket; name the query socket, persist.server.grpc_socket`,
    });
    expect((await errorOf(open({ socketPath: join(socketPath, 'x') }).ping())).message).toContain(
      'no socket at',
    );
  });

  it('gives up a call that is not answered in time, naming the socket', async () => {
    await listen(
      createNetServer(() => undefined),
      socketPath,
    );
    const error = await errorOf(open({ socketPath }, { deadlineMs: 50 }).ping());
    expect(error.code).toBe('DEADLINE_EXCEEDED');
    expect(error.message).toContain(`${socketPath} did not answer within 50 ms`);
  });

  it('is UNAVAILABLE when the other side does not speak HTTP/2', async () => {
    await listen(
      createNetServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      socketPath,
    );
    expect((await errorOf(open().ping())).code).toBe('UNAVAILABLE');
  });

  it.each(['session', 'socket'] as const)(
    'is UNAVAILABLE when the service dies in a stream (%s)',
    async (what) => {
      await serve({
        async *queryLogs(_, { signal }) {
          yield { jobId: 'j' };
          await untilAborted(signal);
        },
      });
      const error = await errorOf(
        (async () => {
          for await (const row of open().queryLogs({ jobId: 'j' })) {
            expect(row.jobId).toBe('j');
            for (const end of what === 'session' ? sessions : sockets) end.destroy();
          }
        })(),
      );
      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).toContain(`persist at ${socketPath} ended the connection`);
    },
  );

  it('connects anew after the service came back', async () => {
    const client = open();
    expect((await errorOf(client.ping())).code).toBe('UNAVAILABLE');
    await serve({ ping: () => ({ healthy: true }) });
    expect((await client.ping()).healthy).toBe(true);
    for (const session of sessions) session.destroy();
    // The first call after it may still meet the old connection.
    const again = await client.ping().catch(() => client.ping());
    expect(again.healthy).toBe(true);
  });

  it('ABORTED with the reason when the caller gives up', async () => {
    await serve({
      ping: (_, { signal }) => untilAborted(signal),
      async *queryLogs(_, { signal }) {
        yield { jobId: 'j' };
        await untilAborted(signal);
      },
    });
    const client = open();
    const abort = new AbortController();
    const stream = errorOf(
      (async () => {
        for await (const row of client.queryLogs({ jobId: 'j' }, { signal: abort.signal })) {
          abort.abort(row.jobId);
        }
      })(),
    );
    expect(await stream).toMatchObject({ code: 'ABORTED', cause: 'j' });
    expect((await errorOf(client.ping({ signal: abort.signal }))).code).toBe('ABORTED');
    expect((await errorOf(collect(client.queryLogs({ jobId: 'j' }, { signal: abort.signal })))).code).toBe(
      'ABORTED',
    );
  });

  it('close ends what is under way and all that comes later', async () => {
    await serve({
      async *queryLogs(_, { signal }) {
        yield { jobId: 'j' };
        await untilAborted(signal);
      },
    });
    const client = open();
    const stream = errorOf(
      (async () => {
        for await (const row of client.queryLogs({ jobId: 'j' })) if (row.jobId) client.close();
      })(),
    );
    expect((await stream).code).toBe('CLOSED');
    expect((await errorOf(client.ping())).code).toBe('CLOSED');
    expect((await errorOf(collect(client.queryLogs({ jobId: 'j' })))).code).toBe('CLOSED');
    while (sockets.size > 0) await new Promise((done) => setImmediate(done));
  });

  it('close while the connection is coming about ends it', async () => {
    await serve({ ping: () => ({ healthy: true }) });
    const client = open();
    const ping = errorOf(client.ping());
    client.close();
    expect((await ping).code).toBe('CLOSED');
    // Another client's connection comes after all that the first one may have opened.
    await open().ping();
    while (sockets.size > 1) await new Promise((done) => setImmediate(done));
  });
});

describe('TCP', () => {
  const ping: Fake = { ping: () => ({ healthy: true }) };

  it('speaks TLS with a client certificate', async () => {
    const options = { cert: CERT, key: KEY, ca: CERT, requestCert: true, rejectUnauthorized: true };
    const port = await listen(createSecureServer(options, adapter(ping)));
    const tls = { ca: CERT, cert: CERT, key: KEY };
    expect((await open({ address: `127.0.0.1:${port}`, tls }).ping()).healthy).toBe(true);
    expect(
      (await open({ address: `127.0.0.1:${port}`, tls: { ...tls, serverName: 'joblet' } }).ping()).healthy,
    ).toBe(true);
    expect((await errorOf(open({ address: `127.0.0.1:${port}`, tls: { ca: CERT } }).ping())).code).toBe(
      'UNAVAILABLE',
    );
  });

  it('refuses a certificate of another authority or another name', async () => {
    const port = await listen(createSecureServer({ cert: CERT, key: KEY }, adapter(ping)));
    const address = `127.0.0.1:${port}`;
    const unknown = await errorOf(open({ address, tls: {} }).ping());
    expect(unknown.code).toBe('UNAVAILABLE');
    expect(unknown.message).toContain(address);
    expect(unknown.message).toContain('self-signed certificate');
    const other = await errorOf(open({ address, tls: { ca: CERT, serverName: 'other.example.org' } }).ping());
    expect(other.message).toContain('is for another name');
  });

  it('says in words what is wrong with an address, a certificate or a key', async () => {
    const secure = `127.0.0.1:${await listen(createSecureServer({ cert: CERT, key: KEY }, adapter(ping)))}`;
    const plain = `127.0.0.1:${await listen(createServer(adapter(ping)))}`;
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const otherKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const [address, tls, code, message] of [
      [plain, { ca: CERT }, 'UNAVAILABLE', `${plain} does not speak TLS`],
      [secure, {}, 'UNAVAILABLE', `the certificate of ${secure} is not from the given ca (self-signed`],
      [
        secure,
        { ca: CERT, cert: damaged, key: KEY },
        'INVALID_ARGUMENT',
        `cert or key for ${secure} is no PEM`,
      ],
      [
        secure,
        { ca: CERT, cert: CERT, key: otherKey },
        'INVALID_ARGUMENT',
        `cert and key for ${secure} do not belong together`,
      ],
      ['127.0.0.1:1', { ca: CERT }, 'UNAVAILABLE', 'persist is not running: nobody listens at 127.0.0.1:1'],
    ] as const) {
      const error = await errorOf(open({ address, tls }).ping());
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
      expect(error.cause).toBeDefined();
    }
  });

  it('speaks plain TCP only when told so', async () => {
    const port = await listen(createServer(adapter(ping)));
    expect((await open({ address: `127.0.0.1:${port}`, insecure: true }).ping()).healthy).toBe(true);
    expect(
      (await errorOf(open({ address: `127.0.0.1:${port}`, tls: {} }, { deadlineMs: 2_000 }).ping())).code,
    ).toBe('UNAVAILABLE');
  });
});
