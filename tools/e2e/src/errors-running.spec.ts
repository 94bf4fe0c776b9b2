import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPersistClient } from '@joblet/client';
import { createProducer } from '@joblet/producer';
import { CHILD_ENV } from './testing/persist-process.js';
import {
  expectDocumented,
  hasNamespaces,
  logLines,
  rnx,
  startPersist,
  startPersistIn,
  until,
  type Program,
} from './testing/person.js';

// What persist says and does while it runs and something happens to the machine.

let directory: string;
let data: string;
let config: string;
let persist: Program | undefined;
let ipcSocket: string;
let grpcSocket: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'joblet errors ü '));
  config = join(directory, 'joblet-config.yml');
  data = join(directory, 'data');
  ipcSocket = join(directory, 'ipc.sock');
  grpcSocket = join(directory, 'grpc.sock');
  await mkdir(data);
  const section = {
    storage: { base_dir: data },
    server: { grpc_socket: grpcSocket },
    ipc: { socket: ipcSocket },
    writer: { queue_mb: 1 },
    monitoring: { prometheus: '127.0.0.1:0', health: '127.0.0.1:0' },
  };
  await writeFile(config, JSON.stringify({ persist: section }));
});
afterEach(async () => {
  await persist?.stop();
  await rm(directory, { recursive: true });
});

async function start(program: Program): Promise<Program> {
  persist = program;
  await program.printed('persist is ready');
  return program;
}

async function page(program: Program, path: 'metrics' | 'health'): Promise<string> {
  const address = new RegExp(`"${path}":"([^"]+)"`).exec(program.out)?.[1];
  return (await fetch(`http://${address}/${path}`)).text();
}

/** The rows of the job; none while it is not known. */
async function contents(jobId = 'job'): Promise<string[]> {
  const client = createPersistClient({ socketPath: grpcSocket });
  const rows: string[] = [];
  try {
    for await (const { content } of client.queryLogs({ jobId })) {
      rows.push(Buffer.from(content).toString());
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'NOT_FOUND')) throw error;
  } finally {
    client.close();
  }
  return rows;
}

const itInNamespace = hasNamespaces ? it : it.skip;

describe('a disk that is full', () => {
  const ROWS = 5_000;
  const row = (index: number) => `row ${index} ${'x'.repeat(1_000)}\n`;

  itInNamespace(
    'holds producers back, answers queries, goes on when there is room, loses nothing',
    async () => {
      const program = await start(startPersistIn(`mount -t tmpfs -o size=8m none '${data}'`, config));
      // The file system is there for persist alone; the kernel shows it here.
      const inside = `/proc/${program.child.pid}/root${data}`;
      const producer = createProducer({ socketPath: ipcSocket, bufferRowsMax: 100 });
      let sent = 0;
      const sendUpTo = async (count: number) => {
        for (; sent < count; sent++) {
          await producer.write({ jobId: 'job', stream: 1, content: Buffer.from(row(sent)) });
        }
        await producer.flush();
      };
      await sendUpTo(10);
      await until('ten rows', async () => (await contents()).length === 10);

      const ballast = join(inside, 'ballast');
      const { bavail, bsize } = await statfs(inside);
      await writeFile(ballast, Buffer.alloc(bavail * bsize));
      const sending = sendUpTo(ROWS);
      const reason = '; make room';
      await until('degraded', async () => (await page(program, 'health')).includes(reason));
      expect(JSON.parse(await page(program, 'health'))).toMatchObject({ status: 'degraded' });
      expect(await page(program, 'metrics')).toMatch(/^persist_write_failures_total [1-9]/m);
      const message = 'a write failed and is tried again; producers are held back meanwhile';
      expect(logLines(program).some((line) => line.startsWith(`WARN ${message}`))).toBe(true);
      expectDocumented(message);
      // persist's budget, the kernel's and the producer's buffers hold less than what there is to send.
      await until('the producer waits', () => producer.stats.waitingRows > 0);
      expect(sent).toBeLessThan(ROWS);
      const stored = await contents();
      expect(stored.length).toBeGreaterThanOrEqual(10);
      expect(stored).toEqual(stored.map((_, index) => row(index)));
      const listed = await rnx(['job', 'list'], { env: { ...CHILD_ENV, JOBLET_CONFIG_PATH: config } });
      expect([listed.code, listed.err]).toEqual([0, '']);
      const flood = ['-e', 'for (let i = 0; i < 5000; i++) console.log("x".repeat(1999))'];
      const job = await rnx(['job', 'run', '--quiet', '--id', 'flood', '--', process.execPath, ...flood], {
        env: { ...CHILD_ENV, JOBLET_CONFIG_PATH: config },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      expect(job.code).toBe(0);
      const [, lost] =
        /^rnx: not kept: up to (\d+) lines .*; persist took nothing for \d+ s; see its log and \/health\n$/.exec(
          job.err,
        ) ?? [];
      expect([job.err, Number(lost) > 0]).toEqual([job.err, true]);
      expectDocumented(job.err.slice('rnx: '.length).trimEnd());

      await rm(ballast);
      await sending;
      await producer.close();
      await program.printed('writes succeed again; nothing was lost');
      expectDocumented('writes succeed again; nothing was lost');
      await until('all rows', async () => (await contents()).length === ROWS);
      expect(await contents()).toEqual(Array.from({ length: ROWS }, (_, index) => row(index)));
      // What was not counted as lost is kept.
      const enough = 5_000 - Number(lost);
      await until('the rest of the job', async () => (await contents('flood')).length >= enough);
      // A segment of the log that failed is told for a while.
      expect(await page(program, 'health')).not.toContain(reason);
      expect((await program.stop('SIGTERM')).code).toBe(0);
    },
  );
});

/** Sets the clock of the process back by two hours at SIGUSR2. */
const CLOCK = `
  const now = Date.now;
  let shiftMs = 0;
  Date.now = () => now() + shiftMs;
  process.on('SIGUSR2', () => { shiftMs -= 7_200_000; });
`;

describe('a clock that is set back', () => {
  it('is told and counted; rows keep their order, and none is lost or refused', async () => {
    const preload = ['--import', `data:text/javascript,${encodeURIComponent(CLOCK)}`];
    const program = await start(startPersist(config, {}, preload));
    const producer = createProducer({ socketPath: ipcSocket });
    let sent = 0;
    const send = async (count: number) => {
      // A row with time 0 gets the time of its arrival.
      for (const end = sent + count; sent < end; sent++) {
        await producer.write({ jobId: 'job', stream: 1, content: Buffer.from(`${sent}`), timestamp: 0n });
      }
      await until(`${sent} rows`, async () => (await contents()).length === sent);
    };
    await send(100);
    program.child.kill('SIGUSR2');
    await program.printed('the clock was set back');
    await send(100);
    await producer.close();
    const line = logLines(program).find((text) => text.startsWith('WARN the clock')) ?? '';
    expect(line).toMatch(
      /^WARN the clock was set back by 2 h, from \S+Z to \S+Z; rows keep their order and none is lost, but --since and --until may miss rows that came without a time of their own$/,
    );
    expectDocumented(line.slice('WARN '.length));
    expect(await page(program, 'metrics')).toContain('persist_clock_steps_total{direction="back"} 1');
    const numbers = Array.from({ length: 200 }, (_, index) => `${index}`);
    expect(await contents()).toEqual(numbers);
    expect((await program.stop('SIGTERM')).code).toBe(0);
    await start(startPersist(config));
    expect(await contents()).toEqual(numbers);
  });
});
