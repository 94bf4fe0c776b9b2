import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FakeIpc } from '../testing/fake-ipc.js';
import { ProducerRecorder, type ProducerRecorderOptions } from './producer-recorder.js';

const MAX = 10;

let folder: string;
let socketPath: string;
let ipc: FakeIpc;
let notes: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rnx-'));
  socketPath = join(folder, 's');
  ipc = new FakeIpc(socketPath);
  notes = [];
});

afterEach(async () => {
  await ipc[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const open = (changes: Partial<ProducerRecorderOptions> = {}): ProducerRecorder =>
  new ProducerRecorder({
    jobId: 'j',
    socketPath,
    bufferRowsMax: MAX,
    reconnectCapMs: 10,
    reconnectAttemptsMax: 0,
    note: (line) => notes.push(line),
    ...changes,
  });

const lines = (count: number, size = 4): Buffer[] =>
  Array.from({ length: count }, (_, index) => Buffer.alloc(size, `${index % 10}`));

/** More than the kernel takes for a reader that does not read, in rows of 32 KiB. */
const FLOOD = lines(100, 32_768);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A server that has accepted the connection and does not read. */
async function silentServer(): Promise<{ resume: () => void }> {
  const held = new Promise<{ resume: () => void }>((resolve) => {
    ipc.onConnection = (socket) => {
      socket.pause();
      resolve(socket);
    };
  });
  await ipc.listen();
  return held;
}

describe('while persist is there', () => {
  it('sends rows and samples, and has nothing to tell', async () => {
    await ipc.listen();
    const recorder = open();
    await recorder.rows(1, lines(100));
    await recorder.rows(2, [Buffer.from('e')]);
    await recorder.sample({ cpuUsage: 0.5, memoryUsage: 7n, gpuUsage: 0 });
    await recorder.close();
    await ipc.ended();
    expect(ipc.rows.map(({ stream, sequence }) => [stream, sequence])).toEqual(
      Array.from({ length: 101 }, (_, index) => [index < 100 ? 1 : 2, BigInt(index)]),
    );
    expect(ipc.metrics[0]).toMatchObject({ jobId: 'j', data: { cpuUsage: 0.5, memoryUsage: 7n } });
    expect(notes).toEqual([]);
  });

  it('holds the job back while the buffer is full, and loses nothing', async () => {
    const server = silentServer();
    const recorder = open();
    let done = false;
    const rows = recorder.rows(1, FLOOD).then(() => (done = true));
    const socket = await server;
    for (let turns = 0; turns < 50; turns++) await turn();
    expect(done).toBe(false);
    socket.resume();
    await rows;
    await recorder.close();
    await ipc.ended();
    expect(ipc.rows).toHaveLength(FLOOD.length);
    expect(notes).toEqual([]);
  });

  it('drops, and counts, when it takes nothing for too long', async () => {
    const server = silentServer();
    let nowMs = 0;
    const sleep = (delayMs: number): Promise<void> => {
      nowMs += delayMs;
      return turn();
    };
    const recorder = open({ sleep, nowMs: () => nowMs });
    await recorder.rows(1, FLOOD);
    (await server).resume();
    await ipc.until(() => ipc.rows.length > MAX);
    await recorder.close();
    await ipc.ended();
    expect(notes).toHaveLength(1);
    const dropped = Number(
      /^not kept: (\d+) lines \(.* MiB\); persist took nothing for 10 s; see its log and \/health$/.exec(
        notes[0],
      )?.[1],
    );
    expect(dropped).toBeGreaterThan(0);
    expect(ipc.rows.length).toBe(FLOOD.length - dropped);
  });

  it('tells that the connection broke', async () => {
    await ipc.listen();
    const recorder = open();
    await recorder.rows(1, lines(1));
    await ipc.until(() => ipc.rows.length === 1);
    for (const socket of ipc.sockets) socket.destroy();
    await ipc.until(() => ipc.sockets.size === 1 && ipc.connections === 2);
    await recorder.rows(1, lines(1));
    await recorder.close();
    await ipc.ended();
    expect(ipc.rows).toHaveLength(2);
    expect(notes).toEqual([
      'the connection to persist broke 1 time: what was under way may be missing or twice',
    ]);
  });
});

describe('while something else is at the socket', () => {
  /** Answers what it is sent, as no write channel does. */
  const answer = (socket: Socket): unknown => socket.once('data', () => socket.write('x'));
  const note = (lost: string): string =>
    `not kept: ${lost}; ${socketPath} is not persist's write channel; name persist.ipc.socket`;

  it('counts every row that was sent there', async () => {
    ipc.onConnection = answer;
    await ipc.listen();
    const recorder = open();
    await recorder.rows(1, lines(25));
    await ipc.ended();
    await recorder.rows(1, lines(5));
    await recorder.close();
    expect(notes).toEqual([note('30 lines (120 B)')]);
    expect(ipc.connections).toBe(1);
  });

  it('does not know what persist kept that was there before', async () => {
    await ipc.listen();
    const recorder = open();
    await recorder.rows(1, lines(3));
    await ipc.until(() => ipc.rows.length === 3);
    ipc.onConnection = answer;
    for (const socket of ipc.sockets) socket.destroy();
    await ipc.until(() => ipc.connections === 2);
    await recorder.rows(1, lines(2));
    await ipc.ended();
    await recorder.close();
    expect(notes).toEqual([
      note('up to 5 lines (20 B)'),
      'the connection to persist broke 1 time: what was under way may be missing or twice',
    ]);
  });
});

describe('while persist is away', () => {
  it('keeps what fits, drops the newest, and goes on when it is back', async () => {
    const recorder = open();
    await recorder.rows(1, lines(25));
    await ipc.listen();
    await ipc.until(() => ipc.rows.length === MAX);
    await recorder.rows(1, lines(1));
    await recorder.close();
    await ipc.ended();
    // The sequence numbers show the gap.
    expect(ipc.rows.map(({ sequence }) => Number(sequence))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 25]);
    expect(notes).toEqual([
      `not kept: 15 lines (60 B); persist was not running: no socket at ${socketPath}; see that it runs (joblet-persist)`,
    ]);
  });

  it('counts what is left at the end', async () => {
    const recorder = open();
    await recorder.rows(1, lines(3, 100));
    await recorder.sample({ cpuUsage: 0, memoryUsage: 0n, gpuUsage: 0 });
    await recorder.close();
    expect(notes).toEqual([
      `not kept: 3 lines (300 B), 1 sample; persist was not running: no socket at ${socketPath}; see that it runs (joblet-persist)`,
    ]);
  });

  it('gives up when it is told to', async () => {
    const recorder = open({ reconnectAttemptsMax: 1 });
    await recorder.rows(1, lines(30));
    await recorder.close();
    expect(notes[0]).toMatch(/^not kept: 30 lines \(120 B\); persist was away: /);
  });
});
