import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { expectDocumented } from './testing/person.js';
import { PersistProcess } from './testing/persist-process.js';
import { CHILD_ENV } from './testing/service-process.js';
import { StateProcess } from './testing/state-process.js';
import { until } from './testing/until.js';

const RNX = fileURLToPath(new URL('../../../apps/rnx/bin/rnx.js', import.meta.url));

let persist: PersistProcess;
let state: StateProcess;

beforeEach(async () => {
  persist = await PersistProcess.create();
  state = await StateProcess.create({ backend: 'local' });
  await Promise.all([persist.start(), state.start()]);
});
afterEach(() => Promise.all([persist.dispose(), state.dispose()]));

const query = (): string[] => ['--socket', persist.grpcSocket, '--state-socket', state.socket];
const sockets = (): string[] => ['--ipc-socket', persist.ipcSocket, '--state-socket', state.socket];

function rnx(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [RNX, ...args], { env: CHILD_ENV }, (_, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    );
  });
}

async function jobs(...args: string[]): Promise<Record<string, unknown>[]> {
  const { code, out, err } = await rnx('job', 'list', '--json', ...query(), ...args);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('a job that runs is recorded from its start to its end, and shown with what persist has of it', async () => {
  const run = (id: string, script: string) =>
    rnx('job', 'run', '--id', id, ...sockets(), '--', 'sh', '-c', script);
  expect(await run('good-1', 'echo hello')).toMatchObject({ code: 0, out: 'hello\n' });
  expect(await run('bad-1', 'exit 7')).toMatchObject({ code: 7 });
  expect(await rnx('job', 'run', '--id', 'none-1', ...sockets(), '--', '/no/such')).toMatchObject({
    code: 127,
  });

  const found = new Map((await jobs()).map((job) => [job.job_id, job]));
  expect(found.get('good-1')).toMatchObject({
    ...{ status: 'COMPLETED', owner: 'rnx', exit_code: 0, logs: { rows: 1 } },
    ...{ start_time: expect.any(String), end_time: expect.any(String) },
  });
  expect(found.get('bad-1')).toMatchObject({ status: 'FAILED', exit_code: 7 });
  expect(found.get('none-1')).toMatchObject({ status: 'FAILED', exit_code: 127 });
  expect((await jobs('--status=failed')).map((job) => job.job_id).sort()).toEqual(['bad-1', 'none-1']);
  expect((await jobs('--limit=1', '--status=COMPLETED')).map((job) => job.job_id)).toEqual(['good-1']);
  expect(await jobs('--node-id=elsewhere')).toEqual([]);

  const { out } = await rnx('job', 'status', 'goo', ...query());
  expect(out).toMatch(/^state +COMPLETED, exit code 0$/m);
  expect(out).toMatch(/^stdout +1 line, 6 B$/m);
  expect(await rnx('job', 'status', 'none', ...query())).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^state +FAILED, exit code 127$/m),
  });
  expect(await rnx('job', 'status', 'nothing', ...query())).toMatchObject({ code: 3 });
});

it('a job is RUNNING while it runs, over a restart of the service, and STOPPED when rnx is told to stop it', async () => {
  const args = [RNX, 'job', 'run', '--id', 'long', ...sockets(), '--', 'sleep', '1000'];
  const run = spawn(process.execPath, args, { env: CHILD_ENV, stdio: 'ignore' });
  const statusOf = async () => (await jobs()).find((job) => job.job_id === 'long')?.status;
  await until(async () => (await statusOf()) === 'RUNNING');
  await state.stop('SIGKILL');
  await state.start();
  expect(await statusOf()).toBe('RUNNING');
  const closed = once(run, 'close');
  run.kill('SIGTERM');
  await closed;
  expect(run.exitCode).toBe(128 + 15);
  expect(await statusOf()).toBe('STOPPED');
});

it('the job of a daemon stays as it is when a job of its id runs, with a note', async () => {
  const client = await state.connect();
  const job = { uuid: 'daemon-1', nodeId: 'node-7', status: 'RUNNING' };
  await client.ask({ op: 'create', job });
  const { code, out, err } = await rnx('job', 'run', '--id', 'daemon-1', ...sockets(), '--', 'echo', 'x');
  expect({ code, out }).toEqual({ code: 0, out: 'x\n' });
  const note = `the job's state is not kept: job daemon-1 exists already, and its owner is a daemon, not "rnx"`;
  expect(err).toBe(`job daemon-1\nrnx: ${note}\n`);
  expectDocumented(note);
  expect(await client.ask({ op: 'get', jobId: 'daemon-1' })).toMatchObject({ job: { ...job, version: 1 } });
});

it('a job that somebody deletes while it runs is not brought back, with a note', async () => {
  const script = 'read line; echo $line';
  const args = [RNX, 'job', 'run', '--id', 'gone-1', ...sockets(), '--', 'sh', '-c', script];
  const run = spawn(process.execPath, args, { env: CHILD_ENV });
  const closed = once(run, 'close');
  let err = '';
  run.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  await until(async () => (await jobs())[0]?.status === 'RUNNING');
  await (await state.connect()).ask({ op: 'delete', jobId: 'gone-1' });
  run.stdin.end('x\n');
  await closed;
  const note = "the job's state is not kept: somebody has deleted it";
  expect({ code: run.exitCode, err }).toEqual({ code: 0, err: `job gone-1\nrnx: ${note}\n` });
  expectDocumented(note);
  expect((await jobs()).map((job) => job.status)).toEqual([undefined]);
});

it('without the state service all goes on, with a note', async () => {
  await rnx('job', 'run', '--id', 'before', ...sockets(), '--', 'echo', 'x');
  await state.stop();
  const { code, out, err } = await rnx('job', 'run', '--id', 'after', ...sockets(), '--', 'echo', 'x');
  expect({ code, out }).toEqual({ code: 0, out: 'x\n' });
  expect(err).toMatch(/^rnx: the job's state is not kept: the state service at .* is it running\?$/m);
  const list = await rnx('job', 'list', ...query());
  expect(list).toMatchObject({
    code: 0,
    err: expect.stringMatching(/^rnx: only what persist has is shown: /),
  });
  expect(list.out).toMatch(/^after\t-\t-\t/m);
  expect(await rnx('job', 'list', '--status=RUNNING', ...query())).toMatchObject({ code: 4 });
});

it('without persist, states are shown, with a note', async () => {
  await rnx('job', 'run', '--id', 'before', ...sockets(), '--', 'echo', 'x');
  await persist.stop();
  const list = await rnx('job', 'list', ...query());
  expect(list).toMatchObject({
    code: 0,
    err: expect.stringMatching(/only what the state service has is shown/),
  });
  expect(list.out).toMatch(/^before\tCOMPLETED\t/m);
  expect(await rnx('job', 'status', 'bef', ...query())).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^state +COMPLETED, exit code 0$/m),
  });
});

it('delete takes the rows and the state, of a job that one of the services has too', async () => {
  await rnx('job', 'run', '--id', 'both-1', ...sockets(), '--', 'echo', 'x');
  await rnx('job', 'run', '--id', 'rows-1', '--ipc-socket', persist.ipcSocket, '--', 'echo', 'x');
  await (await state.connect()).ask({ op: 'create', job: { uuid: 'state-1', status: 'PENDING' } });
  expect(await rnx('job', 'delete', 'bot', ...query())).toEqual({
    code: 0,
    out: expect.stringMatching(/^deleted both-1: 1 line, \d+ samples?, .* on disk, its state, COMPLETED\n$/),
    err: '',
  });
  expect((await rnx('job', 'delete', 'rows-1', ...query())).out).toMatch(
    /^deleted rows-1: 1 line, .* on disk\n$/,
  );
  const { out } = await rnx('job', 'delete', 'state', '--json', ...query());
  expect(JSON.parse(out)).toMatchObject({ job_id: 'state-1', status: 'PENDING', deleted: true });
  expect(await jobs()).toEqual([]);
  expect(await rnx('job', 'delete', 'both-1', ...query())).toMatchObject({ code: 3 });
});

it.each([
  ['state', 'only the rows are deleted, and its state is not', /^deleted before: its state, COMPLETED\n$/],
  ['persist', 'only the state is deleted, and its rows are not', /^deleted before: 1 line, .* on disk\n$/],
] as const)('delete without %s does what it can, and the rest later', async (away, what, rest) => {
  await rnx('job', 'run', '--id', 'before', ...sockets(), '--', 'echo', 'x');
  const service = { state, persist }[away];
  await service.stop();
  // Others may begin so.
  const uncertain = await rnx('job', 'delete', 'bef', ...query());
  expect(uncertain).toMatchObject({ code: 4, out: '', err: expect.stringMatching(/^rnx: .+\n$/) });
  const { code, out, err } = await rnx('job', 'delete', 'before', ...query());
  expect({ code, out }).toEqual({ code: 4, out: '' });
  expect(err).toContain(`rnx: of job before ${what}: `);
  for (const { err: told } of [uncertain, { err }]) expectDocumented(told.trimEnd().replace(/^rnx: /, ''));
  await service.start();
  expect((await rnx('job', 'delete', 'before', ...query())).out).toMatch(rest);
  expect(await jobs()).toEqual([]);
});
