import { once } from 'node:events';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { logFrame } from './testing/frames.js';
import { PersistProcess } from './testing/persist-process.js';
import { collect, texts } from './testing/rows.js';
import { until } from './testing/until.js';

const UNRULY = fileURLToPath(new URL('./testing/unruly-store.mjs', import.meta.url));
const LIBS = new URL('../../../libs/', import.meta.url);

let persist: PersistProcess;
let calm: string;

beforeEach(async () => {
  persist = await PersistProcess.create();
  calm = join(persist.directory, 'calm');
  await copyFile(UNRULY, join(persist.directory, 'unruly.mjs'));
});
afterEach(() => persist.dispose());

/** A persist on the unruly store, which lies beside the configuration file. */
async function configure(
  options: object,
  settings: Record<string, unknown> = {},
  type = './unruly.mjs',
): Promise<void> {
  await persist.configure({
    ...settings,
    storage: {
      type,
      base_dir: join(persist.directory, 'data'),
      options: {
        path: join(persist.directory, 'data'),
        storageLocal: new URL('storage-local/dist/index.js', LIBS).href,
        // Another copy of the contract's package than persist's, as a package of somebody else brings it.
        storage: new URL('storage/dist/storage-error.js?copy', LIBS).href,
        ...options,
      },
    },
  });
}

async function send(...frames: Uint8Array[]): Promise<void> {
  const socket = await persist.connect();
  socket.end(Buffer.concat(frames));
  await once(socket, 'close');
}

/** The exit code of a start that fails, and the last line of the log. */
async function failedStart(): Promise<{ code: number | null; message: string }> {
  await persist.start().catch(() => undefined);
  const code = await persist.ended();
  const last = persist.log.trimEnd().split('\n').at(-1) ?? '';
  const record: { msg: string } = last.startsWith('{') ? JSON.parse(last) : { msg: last };
  return { code, message: record.msg.replaceAll(persist.directory, '') };
}

describe('a store of somebody else', () => {
  it('runs by its path, with its options, and keeps what it is given', async () => {
    await configure({ answer: 42 });
    await persist.start();
    expect(persist.log).toContain('"answer":42,"msg":"unruly: opening"');
    await send(logFrame('job', 0, 'first'));
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'job' })))).toEqual(['first']);
    expect(await persist.stop()).toBe(0);
    await persist.start();
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'job' })))).toEqual(['first']);
  });

  it.each([
    ['UNAVAILABLE', 1],
    ['INVALID_ARGUMENT', 78],
  ])('that refuses to open with %s ends persist with %d', async (refuse, code) => {
    await configure({ refuse });
    expect(await failedStart()).toEqual({
      code,
      message: 'persist cannot start: persist.storage.type "./unruly.mjs": it cannot be opened: no door here',
    });
  });

  it.each([
    ['./gone.mjs', 'there is no file /gone.mjs'],
    ['lcoal', /^there is no package of this name in \/node_modules, .*; did you mean local\?$/],
    ['my-own-store', /^there is no package of this name in .*; install it there, or name a file: \.\/…$/],
    ['./named.mjs', '/named.mjs has no default export, expected `export default` of a function'],
    ['./loud.mjs', '/loud.mjs cannot be loaded: Error: too loud (/loud.mjs:1)'],
    ['./ends.mjs', 'the module ended the process while it was opened'],
    [
      './class.mjs',
      '/class.mjs has a default export that is a class, expected `export default` of a function',
    ],
    ['./nothing.mjs', 'what it opens is no log store: it is undefined, expected an object'],
    [
      './small.mjs',
      'what it opens is no log store: readMetrics is missing, expected a method; deleteJob is missing, expected a ' +
        'method; close is missing, expected a method; [Symbol.asyncDispose] is missing, expected a method that ' +
        'closes it; supports is missing, expected an object such as { durable: true, listJobs: false, … }',
    ],
  ])('%s ends persist with 78, and the message names what is wrong', async (type, message) => {
    const put = (name: string, text: string) => writeFile(join(persist.directory, name), text);
    await put('named.mjs', 'export const open = () => 1;');
    await put('loud.mjs', "throw new Error('too loud');");
    await put('ends.mjs', 'process.exit(0);');
    await put('class.mjs', 'export default class Store {}');
    await put('nothing.mjs', 'export default () => undefined;');
    await put('small.mjs', 'export default () => ({ writeLogs() {}, writeMetrics() {}, readLogs() {} });');
    await persist.configure({ storage: { type, base_dir: join(persist.directory, 'data') } });
    const failed = await failedStart();
    expect(failed.code).toBe(78);
    const start = `persist cannot start: persist.storage.type ${JSON.stringify(type)}: `;
    expect(failed.message.slice(0, start.length)).toBe(start);
    const rest = failed.message.slice(start.length);
    if (typeof message === 'string') expect(rest).toBe(message);
    else expect(rest).toMatch(message);
  });

  it('whose errors are strange is named all the same, and writes go on when it recovers', async () => {
    await configure({ write: 'strange', calm });
    await persist.start();
    await send(logFrame('job', 0, 'first'));
    await persist.logged('a write failed and is tried again');
    expect(JSON.parse(await persist.page('/health'))).toMatchObject({
      checks: { storage: 'writes fail and are tried again: something that cannot be shown was thrown' },
    });
    await writeFile(calm, '');
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'job' })))).toEqual(['first']);
  });

  it('that never opens does not keep persist from stopping', async () => {
    await configure({ open: 'hang' });
    const started = persist.start().catch(() => undefined);
    await persist.logged('unruly: opening');
    expect(await persist.stop()).toBe(0);
    await started;
    expect(persist.log).toContain('Error: stopped while starting');
    expect(persist.log).toContain('"msg":"stopped"');
  });

  it.each(['code', 'type'])(
    'that fails to write (%s) holds producers back, is tried again, and loses nothing',
    async (write) => {
      await configure({ write, calm }, { writer: { queue_mb: 1 } });
      await persist.start();
      const lines = Array.from({ length: 400 }, (_, index) =>
        logFrame('job', index, `${index} ${'x'.repeat(10_000)}`),
      );
      const sent = send(...lines);
      await persist.logged('a write failed and is tried again');
      const failure = write === 'code' ? 'the moon is in the way' : 'x is not a function';
      expect(JSON.parse(await persist.page('/health'))).toMatchObject({
        status: 'degraded',
        checks: { storage: `writes fail and are tried again: ${failure}` },
      });
      expect(await persist.metric('persist_write_failures_total')).toBeGreaterThan(0);
      // 4 MB were sent; of the socket's bytes no more is read than the budget and a read buffer hold.
      expect(await persist.metric('persist_ingest_pending_bytes')).toBeLessThan(2.5e6);
      await writeFile(calm, '');
      await sent;
      const rows = texts(await collect(persist.client().queryLogs({ jobId: 'job' })));
      expect(rows.map((text) => parseInt(text, 10))).toEqual(lines.map((_, index) => index));
      expect(JSON.parse(await persist.page('/health'))).toMatchObject({ status: 'ok' });
    },
  );

  it('that hangs while writing is seen in the metrics', async () => {
    await configure({ write: 'hang', calm });
    await persist.start();
    await send(logFrame('job', 0, 'first'));
    await until(async () => (await persist.metric('persist_write_in_progress_seconds')) > 0);
    expect(await persist.metric('persist_ipc_messages_in_flight')).toBe(1);
  });

  it('that hangs while reading costs that query its time, and no other', async () => {
    await configure({ read: 'hang' }, { query: { timeout_seconds: 1, max_concurrent: 1 } });
    await persist.start();
    await send(logFrame('job', 0, 'first'));
    const client = persist.client();
    await expect(collect(client.queryLogs({ jobId: 'job' }))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining('persist.query.timeout_seconds'),
    });
    expect(await collect(client.queryMetrics({ jobId: 'job' }))).toEqual([]);
  });

  it.each([
    ['throw', 'x is not a function'],
    ['nothing', 'the store gave something that is no AsyncIterable'],
    ['rows', 'the store gave an object with jobId, content, expected a batch of logs, or a gap'],
    ['null', 'the store gave null, expected a batch of logs, or a gap'],
  ])('whose reads go wrong (%s) gives its error to the client and to the log', async (read, message) => {
    await configure({ read });
    await persist.start();
    await send(logFrame('job', 0, 'first'));
    await expect(collect(persist.client().queryLogs({ jobId: 'job' }))).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringContaining(message),
    });
    await persist.logged('a query failed');
    expect(await persist.client().ping()).toMatchObject({ healthy: true });
  });

  it('with a bug in the background: what was accepted is stored, then persist ends with 1', async () => {
    const background = join(persist.directory, 'bug');
    await configure({ background, write: 'code', calm });
    await persist.start();
    await send(logFrame('job', 0, 'first'));
    await persist.logged('a write failed and is tried again');
    await writeFile(background, '');
    await persist.logged('uncaught exception: stopping');
    await writeFile(calm, '');
    expect(await persist.ended()).toBe(1);
    await configure({});
    await persist.start();
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'job' })))).toEqual(['first']);
  });

  it('that takes nothing when persist is stopped: how much is lost, and why, is the last word', async () => {
    await configure({ write: 'code', calm });
    await persist.start();
    await send(logFrame('job', 0, 'first'), logFrame('job', 1, 'second'));
    await persist.logged('a write failed and is tried again');
    expect(await persist.stop()).toBe(1);
    const lost =
      '2 messages could not be stored and are lost: writes fail and are tried again: the moon is in the way';
    expect(persist.log.trimEnd().split('\n').at(-1)).toContain(lost);
  });

  it('that hangs on close is named, and everything is stored', async () => {
    await configure({ close: 'hang' });
    await persist.start();
    await send(logFrame('job', 0, 'first'));
    expect(await persist.stop()).toBe(1);
    expect(persist.log).toContain('"reason":"Error: closing takes too long"');
    expect(persist.log).toContain('not stopped after 10000 ms: closing the store (./unruly.mjs) hangs');
    await configure({});
    await persist.start();
    expect(texts(await collect(persist.client().queryLogs({ jobId: 'job' })))).toEqual(['first']);
  });

  it('is found as a package beside the configuration file', async () => {
    const folder = join(persist.directory, 'node_modules/their-store');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"exports":"./unruly.mjs"}');
    await copyFile(UNRULY, join(folder, 'unruly.mjs'));
    await configure({ answer: 'a package' }, {}, 'their-store');
    await persist.start();
    expect(persist.log).toContain('"answer":"a package"');
  });
});
