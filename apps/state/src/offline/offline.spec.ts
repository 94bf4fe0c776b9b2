import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { newJob } from '@joblet/state-store';
import { runExport } from './export-jobs.js';
import { runImport } from './import-jobs.js';
import { runMigrate } from './migrate.js';

const { openLocalStateStore } = await import('@joblet/state-local');

const KEY = { JOBLET_STATE_KEY: 'ab'.repeat(32) };

let folder: string;
let config: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joblet-state-'));
  config = join(folder, 'new.yml');
  await writeFile(
    config,
    JSON.stringify({ state: { backend: 'local', storage: { local: { directory: './new' } } } }),
  );
  await writeFile(
    join(folder, 'old.yml'),
    JSON.stringify({ state: { backend: 'local', storage: { local: { directory: './old' } } } }),
  );
});
afterEach(() => rm(folder, { recursive: true }));

async function run(
  command: typeof runMigrate,
  args: readonly string[],
  { input = '', isTTY = false } = {},
): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: string[][] = [[], []];
  const sink = (texts: string[]) =>
    new Writable({
      write(chunk, _, done) {
        texts.push(String(chunk));
        done();
      },
    });
  const stderr = Object.assign(sink(err), { isTTY });
  const stdin = input === '' ? new PassThrough().end() : Readable.from([input]);
  const code = await command([...args, '--config', config], { stdin, stdout: sink(out), stderr }, KEY);
  return { code, out: out.join(''), err: err.join('') };
}

const open = (name: string) => openLocalStateStore({ directory: join(folder, name) });

async function jsonsIn(name: string): Promise<string[]> {
  await using store = await open(name);
  return (await store.list()).jobs.map(({ json }) => json);
}

async function fill(name: string, count: number): Promise<void> {
  await using store = await open(name);
  for (let index = 0; index < count; index++) {
    await store.create(newJob({ uuid: `job-${index}`, owner: 'rnx', nodeId: 'n', future: 2n ** 60n }));
    if (index % 2 === 0) await store.update(newJob({ uuid: `job-${index}`, status: 'RUNNING', nodeId: 'n' }));
  }
}

const migration = () => ['--from', join(folder, 'old.yml'), '--to', 'local'];

it('migrate copies every job as it is, and may be run again', async () => {
  await fill('old', 1_200);
  const first = await run(runMigrate, migration(), { isTTY: true });
  expect(first).toMatchObject({ code: 0, out: '1200 jobs put, 0 were there, 0 are not there\n' });
  expect(first.err).toMatch(/\r\[#+-*\] \d+% \d+ jobs/);
  expect(await jsonsIn('new')).toEqual(await jsonsIn('old'));
  expect(await run(runMigrate, migration())).toEqual({
    code: 0,
    out: '0 jobs put, 1200 were there, 0 are not there\n',
    err: expect.not.stringMatching(/\r/),
  });
});

it('migrate goes on where it was stopped; the job that was changed later counts', async () => {
  await fill('old', 10);
  await run(runMigrate, migration());
  {
    await using target = await open('new');
    await target.delete('job-3');
    await target.update(newJob({ uuid: 'job-4', status: 'COMPLETED', nodeId: 'n' }));
    await using source = await open('old');
    await source.update(newJob({ uuid: 'job-5', status: 'FAILED', nodeId: 'n' }));
  }
  const { code, out, err } = await run(runMigrate, migration());
  expect({ code, out }).toEqual({ code: 1, out: '2 jobs put, 7 were there, 1 are not there\n' });
  expect(err).toMatch(/^state: job-4: local has another one, which was changed later/m);
  await using target = await open('new');
  expect(await target.get('job-3')).toMatchObject({ version: 1 });
  expect(await target.get('job-4')).toMatchObject({ status: 'COMPLETED' });
  expect(await target.get('job-5')).toMatchObject({ status: 'FAILED', version: 2 });
});

it('export and import give the same jobs; lines that are none are told', async () => {
  await fill('new', 5);
  const { out } = await run(runExport, []);
  expect(out.split('\n').slice(0, -1)).toEqual(await jsonsIn('new'));
  const input = `${out}{"status":"RUNNING"}\n\nno json\n`;
  const imported = await run(runImport, ['--to', join(folder, 'old.yml')], { input });
  expect(imported).toMatchObject({ code: 1, out: '5 jobs put, 0 were there, 2 are not there\n' });
  expect(imported.err).toMatch(/^state: line 6: jobID is required$/m);
  expect(imported.err).toMatch(/^state: line 8: unexpected character/m);
  expect(await jsonsIn('old')).toEqual(await jsonsIn('new'));
});

it('secrets that come in clear are sealed; sealed ones stay as they are', async () => {
  const job = { uuid: 'a', secretEnvironment: { TOKEN: 'hunter2' } };
  expect(await run(runImport, [], { input: JSON.stringify(job) })).toMatchObject({ code: 0 });
  const [json] = await jsonsIn('new');
  expect(json).toMatch('sealedSecretEnvironment');
  expect(json).not.toMatch('hunter2');
  const { out } = await run(runExport, []);
  expect(await run(runImport, ['--to', join(folder, 'old.yml')], { input: out })).toMatchObject({ code: 0 });
  expect(await jsonsIn('old')).toEqual([json]);
});

it.each([
  ['the same store', runMigrate, ['--from', 'local', '--to', 'local'], 64, /--from and --to are both local/],
  ['memory', runMigrate, ['--from', 'memory', '--to', 'local'], 64, /memory backend has no jobs/],
  ['a module that is not there', runExport, ['--from', './nowhere.js'], 64, /there is no file/],
  ['a service that is away', runExport, ['--from', 'postgres'], 64, /url/],
])('%s is told', async (_name, command, args, code, message) => {
  const result = await run(command, args);
  expect(result.err).toMatch(message);
  expect(result.code).toBe(code);
});
