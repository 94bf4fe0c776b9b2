import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { frame, logFrame, metricFrame } from './testing/frames.js';
import { CHILD_ENV, PERSIST, PersistProcess } from './testing/persist-process.js';
import { collect, texts } from './testing/rows.js';

const DAEMON_CAPTURE = fileURLToPath(new URL('../../../testdata/go/ipc/daemon-v1.bin', import.meta.url));
const AUTH_LOG = fileURLToPath(new URL('../../../examples/data/auth.log.gz', import.meta.url));

let persist: PersistProcess;

beforeEach(async () => {
  persist = await PersistProcess.create();
  await persist.start();
});
afterEach(() => persist.dispose());

async function send(...frames: Uint8Array[]): Promise<void> {
  const socket = await persist.connect();
  socket.end(Buffer.concat(frames));
  await once(socket, 'close');
}

describe('persist, from the socket to the disk and back', () => {
  it('gives back what the Go daemon sent, byte for byte, also after a restart', async () => {
    await send(await readFile(DAEMON_CAPTURE));
    const lines = gunzipSync(await readFile(AUTH_LOG))
      .toString('latin1')
      .split('\n');
    const check = async () => {
      const client = persist.client();
      const rows = await collect(client.queryLogs({ jobId: '3f2b8c1e-job' }));
      expect(rows).toHaveLength(200);
      rows.forEach((row, index) => {
        expect(Buffer.from(row.content).toString('latin1')).toBe(lines[index]);
        expect(row).toMatchObject({
          jobId: '3f2b8c1e-job',
          stream: index % 10 === 9 ? 2 : 1,
          timestamp: 1_763_600_000_000_000_000n + BigInt(index) * 1_000_000n,
          sequence: BigInt(index),
        });
      });
      const metrics = await collect(client.queryMetrics({ jobId: '3f2b8c1e-job' }));
      expect(metrics.map(({ sequence }) => sequence)).toEqual([0n, 1n, 2n, 3n]);
      for (const { timestamp } of metrics) expect(timestamp % 1_000_000_000n).toBe(0n);
      expect(metrics[0].timestamp).toBeGreaterThan(1_700_000_000_000_000_000n);
    };
    await check();
    expect(await persist.stop()).toBe(0);
    await persist.start();
    await check();
  });

  it('stores all that the kernel had accepted when SIGTERM came', async () => {
    const socket = await persist.connect();
    const frames = Array.from({ length: 20_000 }, (_, index) =>
      logFrame('flood', index, `line ${index} ${'x'.repeat(200)}`),
    );
    persist.signal('SIGSTOP');
    // What fits into the kernel's buffer is accepted, although persist has not seen it yet.
    let written = 0;
    while (socket.write(frames[written])) written++;
    const accepted = socket.bytesWritten - socket.writableLength;
    persist.signal('SIGTERM');
    persist.signal('SIGCONT');
    expect(await persist.stop()).toBe(0);
    socket.destroy();
    let whole = 0;
    for (let bytes = 0; bytes + frames[whole].length <= accepted; whole++) bytes += frames[whole].length;
    expect(whole).toBeGreaterThan(10);
    await persist.start();
    const rows = await collect(persist.client().queryLogs({ jobId: 'flood' }));
    expect(rows.length).toBeGreaterThanOrEqual(whole);
    expect(texts(rows)).toEqual(rows.map((_, index) => `line ${index} ${'x'.repeat(200)}`));
  });

  it('has what it had made durable after SIGKILL', async () => {
    await send(...Array.from({ length: 1_000 }, (_, index) => logFrame('job', index, `line ${index}\n`)));
    const before = await collect(persist.client().queryLogs({ jobId: 'job' }));
    expect(before).toHaveLength(1_000);
    await persist.stop('SIGKILL');
    await persist.start();
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'job' })))).toEqual(texts(before));
  });

  it('takes a row of 64 MiB, whole and byte for byte', async () => {
    const content = Buffer.alloc(64 * 1024 * 1024);
    for (let at = 0; at < content.length; at += 4) content.writeUInt32LE((at * 2_654_435_761) >>> 0, at);
    await send(logFrame('large', 0, content), logFrame('large', 1, 'after'));
    const rows = await collect(persist.client().queryLogs({ jobId: 'large' }));
    expect(rows).toHaveLength(2);
    expect(Buffer.from(rows[0].content).equals(content)).toBe(true);
  });
});

describe('persist and bad input', () => {
  it('skips and counts what does not decode, unknown types and bad job ids; the connection goes on', async () => {
    await send(
      logFrame('good', 0, 'first'),
      frame(Buffer.from([0xff, 0xff, 0xff])),
      frame(Buffer.from([0x10, 0x05])),
      frame(Buffer.alloc(0)),
      logFrame('../../etc', 0, 'evil'),
      logFrame('', 0, 'nobody'),
      logFrame('good', 1, 'second'),
    );
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'good' })))).toEqual(['first', 'second']);
    const metrics = await persist.page('/metrics');
    expect(metrics).toContain('persist_ipc_messages_rejected_total{reason="undecodable"} 1');
    expect(metrics).toContain('persist_ipc_messages_rejected_total{reason="unknown_type"} 2');
    expect(metrics).toContain('persist_ipc_messages_rejected_total{reason="job_id"} 2');
    expect(metrics).toContain('persist_ipc_unknown_messages_total{type="accept"} 1');
    expect(await persist.metric('persist_ipc_messages_received_total')).toBe(7);
    expect(await persist.metric('persist_ipc_messages_durable_total')).toBe(2);
    expect(await persist.metric('persist_ipc_messages_in_flight')).toBe(0);
  });

  it('closes a connection whose frame is over the limit, and no other', async () => {
    const good = await persist.connect();
    good.write(logFrame('good', 0, 'before'));
    const bad = await persist.connect();
    const closed = once(bad, 'close');
    bad.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    await closed;
    good.end(logFrame('good', 1, 'after'));
    await once(good, 'close');
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'good' })))).toEqual(['before', 'after']);
    expect(persist.log).toContain('frame-too-large');
  });

  it('answers wrong queries with a code and the name of the field', async () => {
    await send(metricFrame('only-metrics', 0, 0.5));
    const client = persist.client();
    await expect(collect(client.queryLogs({ jobId: 'nobody' }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('nobody'),
    });
    await expect(client.deleteJob('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(client.getJobInfo('nobody')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(await collect(client.queryLogs({ jobId: 'only-metrics' }))).toEqual([]);
    await expect(collect(client.queryLogs({ jobId: '../x' }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('job_id is "../x"'),
    });
    await expect(
      collect(client.queryLogs({ jobId: 'only-metrics', tail: 1, limit: 1 })),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('tail'),
    });
  });

  it('keeps the rows of a job whose files cannot be made, and goes on with all others', async () => {
    const inTheWay = join(persist.directory, 'data/logs/blocked');
    await writeFile(inTheWay, 'a file where the job needs a directory');
    await send(logFrame('blocked', 0, 'first'));
    await send(logFrame('other', 0, 'second'));
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'other' })))).toEqual(['second']);
    expect(await persist.metric('persist_ipc_messages_in_flight')).toBe(0);
    expect(await persist.metric('persist_write_failures_total')).toBe(0);
    await rm(inTheWay);
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'blocked' })))).toEqual(['first']);
  });
});

describe('the query API', () => {
  beforeEach(() =>
    send(
      ...Array.from({ length: 30 }, (_, index) => logFrame('job-a', index, `line ${index}`, 1 + (index % 2))),
      logFrame('job-b', 0, 'b'),
      ...Array.from({ length: 4 }, (_, index) => metricFrame('job-a', index * 60, index)),
    ),
  );

  it('filters, tails, windows and pages', async () => {
    const client = persist.client();
    const query = async (rest: object) => texts(await collect(client.queryLogs({ jobId: 'job-a', ...rest })));
    expect(await query({ filter: 'line 2' })).toEqual([
      'line 2',
      ...Array.from({ length: 10 }, (_, i) => `line ${20 + i}`),
    ]);
    expect(await query({ tail: 2 })).toEqual(['line 28', 'line 29']);
    expect(await query({ tail: 1, stream: 1 })).toEqual(['line 28']);
    expect(await query({ offset: 3, limit: 2 })).toEqual(['line 3', 'line 4']);
    const time = 1_763_600_000_000_000_000n;
    expect(await query({ startTime: time + 5n, endTime: time + 6n })).toEqual(['line 5', 'line 6']);
  });

  it('a client that does not read holds its slot until the deadline, and no longer', async () => {
    await persist.stop();
    await persist.configure({ query: { max_concurrent: 1, timeout_seconds: 1 } });
    await persist.start();
    await send(...Array.from({ length: 2_000 }, (_, index) => logFrame('big', index, 'x'.repeat(5_000))));
    const stuck = persist.client().queryLogs({ jobId: 'big' })[Symbol.asyncIterator]();
    await stuck.next();
    // The second waits for the slot, at most as long as a query may take itself: then there is one for the third.
    const other = persist.client();
    await collect(other.queryLogs({ jobId: 'job-b' })).catch(() => undefined);
    expect(texts(await collect(other.queryLogs({ jobId: 'job-b' })))).toEqual(['b']);
  });

  it('answers clients whatever they send as authority and path, and lives', async () => {
    for (const headers of [
      { ':authority': 'tmp%2Fpersist.sock' },
      { ':authority': '[' },
      { ':authority': 'x:y:z' },
      { ':path': '//' },
    ]) {
      const session = connect('http://localhost', {
        createConnection: () => createConnection(persist.grpcSocket),
      });
      const path = '/joblet.persist.PersistService/Ping';
      const call = session.request({
        ':method': 'POST',
        ':path': path,
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      call.end(Buffer.alloc(5));
      const [answer] = await once(call, 'response');
      expect(answer[':status']).toBe(':path' in headers ? 404 : 200);
      session.destroy();
    }
    expect(await persist.client().ping()).toMatchObject({ healthy: true });
  });

  it('a job of another node is unknown or empty', async () => {
    const client = persist.client();
    expect(await collect(client.queryLogs({ jobId: 'job-a', nodeId: 'elsewhere', tail: 3 }))).toEqual([]);
    await expect(collect(client.queryLogs({ jobId: 'nobody', nodeId: 'elsewhere' }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it('aggregates metrics', async () => {
    const metrics = persist
      .client()
      .queryMetrics({ jobId: 'job-a', aggregation: 'max', step: 120_000_000_000n });
    // The first sample is 80 s into a step of 120 s: steps begin at multiples since 1970.
    expect((await collect(metrics)).map(({ data }) => data!.cpuUsage)).toEqual([0, 2, 3]);
  });

  it('lists jobs by prefix, page by page, and tells what they hold', async () => {
    const client = persist.client();
    const jobs = [];
    for await (const job of client.listJobs({ prefix: 'job-' })) jobs.push(job);
    expect(jobs.map(({ jobId }) => jobId)).toEqual(['job-a', 'job-b']);
    expect(await client.getJobInfo('job-a')).toMatchObject({
      stdout: { rows: 15n },
      metrics: { rows: 4n },
      gaps: 0n,
    });
  });

  it('deletes for good, and starts the job anew', async () => {
    const client = persist.client();
    await client.deleteJob('job-a');
    await expect(collect(client.queryMetrics({ jobId: 'job-a' }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await send(logFrame('job-a', 0, 'new'));
    expect(texts(await collect(client.queryLogs({ jobId: 'job-a' })))).toEqual(['new']);
  });
});

describe('the persist command', () => {
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [PERSIST, ...args], { env: CHILD_ENV, encoding: 'utf8' });

  it('makes its sockets for the owner only', async () => {
    for (const path of [persist.ipcSocket, persist.grpcSocket])
      expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('refuses to start where another runs, and names what is in use', () => {
    const second = run('--config', persist.config);
    expect(second.status).toBe(1);
    expect(second.stdout).toContain(`in use by process ${persist.pid}`);
  });

  it('starts again on what SIGKILL left', async () => {
    await persist.stop('SIGKILL');
    await persist.start();
    expect(await persist.client().ping()).toMatchObject({ healthy: true });
  });

  it('reads the log level again on SIGHUP', async () => {
    await persist.configure({}, { level: 'DEBUG' });
    persist.signal('SIGHUP');
    await persist.logged('the log level is DEBUG');
  });

  it.each(['--config', '-config'])('%s --check-config prints the effective configuration', (option) => {
    const { status, stdout } = run(option, persist.config, '--check-config');
    expect(status).toBe(0);
    expect(stdout).toContain(`grpc_socket: ${persist.grpcSocket}`);
  });

  it('tells everything that is wrong with the configuration, and exits with 78', async () => {
    await persist.configure({ ipc: { max_connections: 'many' }, writer: { queue_mb: -1 } });
    const { status, stderr } = run('--config', persist.config);
    expect(status).toBe(78);
    expect(stderr).toContain('persist.ipc.max_connections: found "many"');
    expect(stderr).toContain('persist.writer.queue_mb: found -1');
  });

  it('names what is configured but not built, and exits with 78', async () => {
    await persist.configure({ storage: { type: 'cloudwatch' } });
    const { status, stderr } = run('--config', persist.config);
    expect(status).toBe(78);
    expect(stderr).toContain('persist.storage.type: found "cloudwatch", which is not built yet');
  });

  it('answers --help and --version with 0, and wrong usage with 2', () => {
    expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Exit codes:') });
    expect(run('-version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
    expect(run('--confg')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("unknown option '--confg'"),
    });
  });

  it('goes on without a monitoring port that is in use', async () => {
    await persist.stop();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    await persist.configure({ monitoring: { prometheus: `127.0.0.1:${port}`, health: '' } });
    await persist.start();
    expect(persist.log).toContain('/metrics is off');
    taken.close();
  });

  it('makes a data directory that is not there, private', async () => {
    expect((await stat(join(persist.directory, 'data/logs'))).mode & 0o777).toBe(0o700);
  });
});
