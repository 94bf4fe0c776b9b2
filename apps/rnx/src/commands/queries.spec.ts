import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { QueryLogsRequest, QueryMetricsRequest } from '@joblet/proto/persist';
import { fakePersist, startFakePersist, type FakeMethods } from '../testing/fake-persist.js';
import { fakeIo, NOW, rnx, type FakeIo } from '../testing/run-rnx.js';
import { formatTime } from '../time.js';

const JOBS = ['alpha', 'alpha-2', 'alpha-3', 'beta'];
const T1 = 1_700_000_000_000_000_001n;
const T2 = 1_700_000_061_000_000_000n;
const UNKNOWN_STREAM: number = 9;

const info = (jobId: string) => ({
  jobId,
  firstTime: T1,
  lastTime: T2,
  logs: { rows: 3n, bytes: 2_048n },
  stdout: { rows: 2n, bytes: 2_000n },
  stderr: { rows: 1n, bytes: 48n },
  metrics: { rows: 1n },
  sizeBytes: 700n,
});

let folder: string;
let socket: string;
let service: AsyncDisposable | undefined;
let logQueries: QueryLogsRequest[];
let metricQueries: QueryMetricsRequest[];
let deleted: string[];
let gaps: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rnx-'));
  socket = join(folder, 'grpc.sock');
  logQueries = [];
  metricQueries = [];
  deleted = [];
  gaps = '0';
});

afterEach(async () => {
  await service?.[Symbol.asyncDispose]();
  service = undefined;
  rmSync(folder, { recursive: true });
});

const methods: FakeMethods = {
  listJobs({ prefix, limit }) {
    return {
      jobs: JOBS.filter((id) => id.startsWith(prefix))
        .slice(0, limit)
        .map(info),
    };
  },
  getJobInfo({ jobId }) {
    if (jobId === 'beta') return { jobId, ended: true, exitCode: 3, gaps: 2n };
    return info(jobId);
  },
  deleteJob({ jobId }) {
    deleted.push(jobId);
    return { success: true };
  },
  async *queryLogs(request, { responseTrailer }) {
    logQueries.push(request);
    responseTrailer.set('joblet-gaps', gaps);
    const { jobId } = request;
    yield { jobId, stream: 1, timestamp: T1, sequence: 0n, content: Buffer.from('one\n') };
    yield { jobId, stream: 2, timestamp: T2, sequence: 2n ** 64n - 1n, content: Buffer.from('zwö') };
    yield { jobId, stream: UNKNOWN_STREAM, timestamp: T2, sequence: 2n, content: Uint8Array.of(255, 0, 10) };
    yield { jobId, stream: 1, timestamp: T2, sequence: 3n, content: new Uint8Array(0) };
  },
  async *queryMetrics(request, { responseTrailer }) {
    metricQueries.push(request);
    responseTrailer.set('joblet-gaps', gaps);
    const { jobId } = request;
    const diskIo = { readBytes: 4_096n, writeBytes: 0n, readOps: 1n, writeOps: 2n };
    yield { jobId, timestamp: T1, data: { cpuUsage: 1.5, memoryUsage: 2n ** 63n - 1n, diskIo } };
    const networkIo = { rxBytes: 1n, txBytes: 2n, rxPackets: 3n, txPackets: 4n };
    yield { jobId, timestamp: T2, sequence: 1n, data: { cpuUsage: NaN, memoryUsage: 1_536n, networkIo } };
    yield { jobId, timestamp: T2, sequence: 2n };
  },
};

const serve = async (changes: FakeMethods = {}): Promise<void> => {
  service = await startFakePersist(socket, { ...methods, ...changes });
};
const ask = (line: string, io?: FakeIo) => rnx(`${line} --socket=${socket}`, io);

describe('job log', () => {
  it('writes the rows of both streams, with a newline behind those that have none', async () => {
    await serve();
    const io = fakeIo();
    expect(await ask('job log beta', io)).toMatchObject({ code: 0, err: '' });
    const expected = Buffer.concat([Buffer.from('one\nzwö\n'), Buffer.from([255, 0, 10]), Buffer.from('\n')]);
    expect(io.stdout.bytes.equals(expected)).toBe(true);
  });

  it('--raw writes the bytes and no more', async () => {
    await serve();
    const io = fakeIo();
    await ask('job log beta --raw', io);
    expect(io.stdout.bytes.equals(Buffer.concat([Buffer.from('one\nzwö'), Buffer.from([255, 0, 10])]))).toBe(
      true,
    );
  });

  it('--timestamps puts the time in front of each row', async () => {
    await serve();
    const { out } = await ask('job log beta --timestamps');
    expect(out).toContain('2023-11-14T22:13:20.000000001Z one\n2023-11-14T22:14:21.000000000Z zwö\n');
  });

  it('--json gives each row as one document; content that is not UTF-8 as base64', async () => {
    await serve();
    const { out } = await ask('job log beta --json');
    expect(out.trimEnd().split('\n')).toEqual([
      '{"job_id":"beta","stream":"stdout","timestamp":"2023-11-14T22:13:20.000000001Z","timestamp_ns":"1700000000000000001","sequence":0,"content":"one\\n"}',
      '{"job_id":"beta","stream":"stderr","timestamp":"2023-11-14T22:14:21.000000000Z","timestamp_ns":"1700000061000000000","sequence":18446744073709551615,"content":"zwö"}',
      '{"job_id":"beta","stream":"9","timestamp":"2023-11-14T22:14:21.000000000Z","timestamp_ns":"1700000061000000000","sequence":2,"content_base64":"/wAK"}',
      '{"job_id":"beta","stream":"stdout","timestamp":"2023-11-14T22:14:21.000000000Z","timestamp_ns":"1700000061000000000","sequence":3,"content":""}',
    ]);
  });

  it('takes no range that ends before it begins', async () => {
    await serve();
    for (const command of ['log', 'metrics']) {
      const { code, err } = await ask(`job ${command} beta --until=1h --since=2023-11-14T22:13:20Z`);
      expect([code, err]).toEqual([
        2,
        `rnx: --since: found "2023-11-14T22:13:20Z" (2023-11-14T22:13:20.000000000Z), which is behind --until "1h" (${formatTime(NOW - 3_600_000_000_000n)}); expected an earlier time; --help tells more\n`,
      ]);
      expect((await ask(`job ${command} beta --until=1h --since=1h`)).code).toBe(0);
    }
    expect([logQueries.length, metricQueries.length]).toEqual([1, 1]);
  });

  it('hands its options on; they may stand behind the job', async () => {
    await serve();
    await ask('job log beta --stream=stderr --filter=zw --since=1h --until 2023-11-14T22:13:20Z --tail=5');
    expect(logQueries[0]).toMatchObject({
      jobId: 'beta',
      stream: 2,
      filter: 'zw',
      startTime: NOW - 3_600_000_000_000n,
      endTime: 1_700_000_000_000_000_000n,
      tail: 5,
      limit: 0,
    });
  });

  it('says on stderr that something is missing', async () => {
    gaps = '2';
    await serve();
    const { code, out, err } = await ask('job log beta');
    expect(code).toBe(0);
    expect(out).not.toContain('missing');
    expect(err).toMatch(/^rnx: 2 pieces missing here: .*\n$/);
  });

  it('ends quietly when nobody reads on', async () => {
    await serve({
      async *queryLogs(_, { signal }) {
        yield { content: Buffer.from('x\n') };
        // Without the end of the call this would be for ever.
        await new Promise((_, reject) => signal.addEventListener('abort', reject));
      },
    });
    const io = fakeIo();
    io.stdout.fail = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    expect(await ask('job log beta', io)).toEqual({ code: 0, out: '', err: '' });
  });

  it('fails when the output cannot be written', async () => {
    await serve();
    const io = fakeIo();
    io.stdout.fail = Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' });
    const { code, err } = await ask('job log beta', io);
    expect({ code, err }).toEqual({
      code: 1,
      err: 'rnx: the output cannot be written: no space left on the device; make room or write elsewhere (ENOSPC)\n',
    });
  });

  it('is interrupted at once, also while nothing comes; what came was written', async () => {
    await serve({
      async *queryLogs(_, { signal }) {
        yield { content: Buffer.from('x\n') };
        await new Promise((_, reject) => signal.addEventListener('abort', reject));
      },
    });
    const io = fakeIo();
    io.stdout.onWrite = () => io.signals.emit('SIGINT', 'SIGINT');
    expect(await ask('job log beta', io)).toEqual({ code: 130, out: 'x\n', err: '' });
    expect(io.signals.listenerCount('SIGINT')).toBe(0);
  });

  it('writes what came before an error', async () => {
    await serve({
      async *queryLogs() {
        yield { content: Buffer.from('x\n') };
        throw new ConnectError('block 7 is damaged', Code.Internal);
      },
    });
    expect(await ask('job log beta')).toEqual({ code: 1, out: 'x\n', err: 'rnx: block 7 is damaged\n' });
  });
});

describe('JOB', () => {
  it('may be the beginning of one id; the whole id wins', async () => {
    await serve();
    await ask('job log b');
    await ask('job log alpha');
    expect(logQueries.map(({ jobId }) => jobId)).toEqual(['beta', 'alpha']);
  });

  it('that is the beginning of several is wrong usage that lists some', async () => {
    await serve();
    expect(await ask('job log alp')).toEqual({
      code: 2,
      out: '',
      err: 'rnx: several jobs begin with alp: alpha, alpha-2, alpha-3; give more of the id\n',
    });
    await service?.[Symbol.asyncDispose]();
    await serve({
      listJobs: ({ limit }) => ({ jobs: Array.from({ length: limit }, (_, n) => ({ jobId: `j${n}` })) }),
    });
    expect((await ask('job status j')).err).toContain('j0, j1, j2, j3, j4, …; give more');
  });

  it('that is unknown is code 3', async () => {
    await serve();
    for (const command of ['log', 'metrics', 'status', 'delete']) {
      const { code, err } = await ask(`job ${command} gamma`);
      expect(code).toBe(3);
      expect(err).toBe('rnx: no job is gamma or begins with it; "rnx job list" shows the jobs\n');
    }
  });

  it('is taken as it is by a service that cannot list', async () => {
    const { listJobs, getJobInfo, ...joblets } = methods;
    expect(listJobs && getJobInfo).toBeDefined();
    service = await startFakePersist(socket, {
      ...joblets,
      async *queryLogs({ jobId }) {
        if (jobId !== '') throw new ConnectError(`job ${jobId} is not known`, Code.NotFound);
        yield {};
      },
    });
    expect(await ask('job log gamma')).toEqual({ code: 3, out: '', err: 'rnx: job gamma is not known\n' });
    expect(await ask('job delete gamma')).toEqual({ code: 0, out: 'deleted gamma\n', err: '' });
    expect((await ask('job status gamma')).code).toBe(1);
  });
});

describe('job metrics', () => {
  it('gives a pipe plain columns with exact numbers', async () => {
    gaps = '1';
    await serve();
    const { code, out, err } = await ask('job metrics beta');
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'TIME\tCPU\tMEMORY\tGPU\tREAD\tWRITE\tRX\tTX',
      '2023-11-14T22:13:20.000000001Z\t1.50\t9223372036854775807\t0.00\t4096\t0\t-\t-',
      '2023-11-14T22:14:21.000000000Z\tNaN\t1536\t0.00\t-\t-\t1\t2',
      '2023-11-14T22:14:21.000000000Z\t-\t-\t-\t-\t-\t-\t-',
      '',
    ]);
    expect(err).toContain('rnx: 1 piece missing here');
  });

  it('gives a terminal a table with readable numbers', async () => {
    await serve();
    const io = fakeIo({ NO_COLOR: '1' });
    io.stdout.isTTY = true;
    const { out } = await ask('job metrics beta', io);
    expect(out.split('\n')[2]).toMatch(
      /^2023-11-14T22:14:21.000000000Z +NaN +1\.5 KiB +0\.00 +- +- +1 B +2 B$/,
    );
  });

  it('--json', async () => {
    await serve();
    const { out } = await ask('job metrics beta --json');
    expect(out.trimEnd().split('\n')).toEqual([
      '{"job_id":"beta","timestamp":"2023-11-14T22:13:20.000000001Z","timestamp_ns":"1700000000000000001","sequence":0,"cpu_usage":1.5,"memory_usage":9223372036854775807,"gpu_usage":0,"disk_io":{"read_bytes":4096,"write_bytes":0,"read_ops":1,"write_ops":2}}',
      '{"job_id":"beta","timestamp":"2023-11-14T22:14:21.000000000Z","timestamp_ns":"1700000061000000000","sequence":1,"cpu_usage":"NaN","memory_usage":1536,"gpu_usage":0,"network_io":{"rx_bytes":1,"tx_bytes":2,"rx_packets":3,"tx_packets":4}}',
      '{"job_id":"beta","timestamp":"2023-11-14T22:14:21.000000000Z","timestamp_ns":"1700000061000000000","sequence":2}',
    ]);
  });

  it('hands its options on', async () => {
    await serve();
    await ask('job metrics beta --aggregate=max --step=1m --since=now --until=now');
    expect(metricQueries[0]).toMatchObject({
      jobId: 'beta',
      aggregation: 'max',
      step: 60_000_000_000n,
      startTime: NOW,
      endTime: NOW,
    });
  });
});

describe('job list', () => {
  it('gives a pipe plain columns', async () => {
    await serve({ listJobs: () => ({ jobs: [info('alpha'), { jobId: 'empty' }] }) });
    expect((await ask('job list')).out.split('\n')).toEqual([
      'JOB\tSTATUS\tNODE\tFIRST\tLAST\tLINES\tBYTES\tMETRICS\tON DISK',
      'alpha\t-\t-\t2023-11-14T22:13:20Z\t2023-11-14T22:14:21Z\t3\t2048\t1\t700',
      'empty\t-\t-\t-\t-\t0\t0\t0\t0',
      '',
    ]);
  });

  it('gives a terminal a table, in colour unless told otherwise', async () => {
    await serve();
    const onTerminal = async (line: string, env: NodeJS.ProcessEnv): Promise<string> => {
      const io = fakeIo(env);
      io.stdout.isTTY = true;
      return (await ask(line, io)).out;
    };
    const plain = await onTerminal('job list', { NO_COLOR: '1' });
    expect(plain.split('\n').slice(0, 2)).toEqual([
      'JOB      STATUS  NODE  FIRST                 LAST                  LINES    BYTES  METRICS  ON DISK',
      'alpha    -       -     2023-11-14T22:13:20Z  2023-11-14T22:14:21Z      3  2.0 KiB        1    700 B',
    ]);
    expect(await onTerminal('--no-color job list', {})).toBe(plain);
    expect(await onTerminal('job list --no-color', {})).toBe(plain);
    expect(await onTerminal('job list', {})).toContain('\u001b[1mJOB');
    expect((await ask('job list', fakeIo({ FORCE_COLOR: '1' }))).out).not.toContain('\u001b');
  });

  it('asks for the newest first, and for no more than --limit', async () => {
    const requests: unknown[] = [];
    await serve({
      listJobs({ sort, limit }) {
        requests.push({ sort, limit });
        return {};
      },
    });
    expect((await ask('job list --limit=7')).out).toBe(
      'JOB\tSTATUS\tNODE\tFIRST\tLAST\tLINES\tBYTES\tMETRICS\tON DISK\n',
    );
    expect(requests).toEqual([{ sort: 1, limit: 7 }]);
  });

  it('--json', async () => {
    await serve({
      listJobs: () => ({ jobs: [info('alpha'), { jobId: 'empty', ended: true, exitCode: 0 }] }),
    });
    expect((await ask('--json job list')).out.trimEnd().split('\n')).toEqual([
      '{"job_id":"alpha","first_time":"2023-11-14T22:13:20.000000001Z","first_time_ns":"1700000000000000001","last_time":"2023-11-14T22:14:21.000000000Z","last_time_ns":"1700000061000000000","logs":{"rows":3,"bytes":2048},"stdout":{"rows":2,"bytes":2000},"stderr":{"rows":1,"bytes":48},"metrics":{"rows":1},"size_bytes":700,"gaps":0,"ended":false}',
      '{"job_id":"empty","logs":{"rows":0,"bytes":0},"stdout":{"rows":0,"bytes":0},"stderr":{"rows":0,"bytes":0},"metrics":{"rows":0},"size_bytes":0,"gaps":0,"ended":true,"exit_code":0}',
    ]);
  });
});

describe('job status and job delete', () => {
  it('show a job for a person', async () => {
    await serve();
    expect((await ask('job status alpha')).out).toBe(
      [
        'job      alpha',
        'state    not known to have ended',
        'first    2023-11-14T22:13:20.000000001Z',
        'last     2023-11-14T22:14:21.000000000Z',
        'stdout   2 lines, 1.9 KiB',
        'stderr   1 line, 48 B',
        'metrics  1 sample',
        'missing  nothing known',
        'on disk  700 B',
        '',
      ].join('\n'),
    );
    const beta = (await ask('job status beta')).out;
    expect(beta).toContain('state    ended, exit code 3\nfirst    -\n');
    expect(beta).toContain('missing  2 pieces\n');
    expect((await ask('job status beta --json')).out).toContain('"exit_code":3}');
  });

  it('delete says what went', async () => {
    await serve();
    expect(await ask('job delete alpha-2')).toEqual({
      code: 0,
      out: 'deleted alpha-2: 3 lines, 1 sample, 700 B on disk\n',
      err: '',
    });
    expect((await ask('job delete bet --json')).out).toContain('"exit_code":3,"deleted":true}\n');
    expect(deleted).toEqual(['alpha-2', 'beta']);
  });
});

describe('the service', () => {
  it('that is not there is code 4, in one line', async () => {
    const { code, out, err } = await ask('job list');
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toBe(
      `rnx: persist is not running: no socket at ${socket}; start it (joblet-persist), wait if it is just starting, or name another socket\n`,
    );
  });

  it('is found by the configuration', async () => {
    await serve();
    const file = join(folder, 'c.yml');
    writeFileSync(file, `persist: { server: { grpc_socket: ${socket} } }\n`);
    expect((await rnx(`job list -config ${file}`)).code).toBe(0);
    expect((await rnx('job list', fakeIo({ JOBLET_CONFIG_PATH: file }))).code).toBe(0);
  });

  it('is asked over TLS when a node is named', async () => {
    const pem = (name: string): string =>
      readFileSync(new URL(`../../../../libs/client/testdata/${name}.pem`, import.meta.url), 'utf8');
    const [cert, key] = [pem('cert'), pem('key')];
    const server = createSecureServer(
      { cert, key, ca: cert, requestCert: true, rejectUnauthorized: true },
      fakePersist(methods),
    );
    await new Promise<void>((done) => server.listen({ host: '127.0.0.1', port: 0 }, done));
    try {
      const { port } = server.address() as AddressInfo;
      const file = join(folder, 'rnx-config.yml');
      const node = { persistAddress: `127.0.0.1:${port}`, ca: cert, cert, key };
      const nodes = {
        default: node,
        named: { ...node, serverName: 'joblet' },
        other: { ...node, serverName: 'x' },
      };
      // JSON is YAML.
      writeFileSync(file, JSON.stringify({ nodes }));
      expect((await rnx(`job status beta --rnx-config=${file}`)).code).toBe(0);
      expect((await rnx(`job status beta --rnx-config=${file} --node=named`)).code).toBe(0);
      const { code, err } = await rnx(`job status beta --rnx-config=${file} --node=other`);
      expect(code).toBe(4);
      expect(err).toContain(`the certificate of 127.0.0.1:${port} is for another name`);
    } finally {
      await new Promise((done) => server.close(done));
    }
  });
});
