import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, type Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { runInspect } from './inspect.js';
import { shown, size } from './terminal.js';
import { runVerify } from './verify.js';

const { openLocalStore } = await import('@joblet/storage-local');

let folder: string;
let config: string;
let stdoutFile: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'joblet-offline-'));
  config = join(folder, 'c.yml');
  await writeFile(config, `persist: {storage: {base_dir: ${folder}}}\n`);
  stdoutFile = join(folder, 'logs/j/stdout.log.gz');
  const store = await openLocalStore({ baseDirectory: folder });
  const row = {
    jobId: 'j',
    stream: 1,
    timestamp: 1_763_600_000_000_000_000n,
    content: Buffer.from('a line'),
  };
  await store.writeLogs(LogBatch.from([row, row]));
  await store.close();
});

afterEach(() => rm(folder, { recursive: true }));

type Command = typeof runVerify;

async function run(command: Command, ...argv: string[]) {
  const texts = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof texts): Writable =>
    new PassThrough().on('data', (bytes: Buffer) => (texts[name] += bytes.toString()));
  const exitCode = await command(argv, { stdout: collect('stdout'), stderr: collect('stderr') });
  return { exitCode, ...texts };
}

describe('persist verify', () => {
  it('says in one line that all is right, and names the files of a job that it is asked for', async () => {
    const all = await run(runVerify, '--config', config);
    expect(all).toMatchObject({ exitCode: 0, stderr: '' });
    expect(all.stdout).toMatch(/^(log .*\n)?1 jobs, 2 rows in files, \d+ bytes: all right\n$/);
    const one = await run(runVerify, `--config=${config}`, 'j');
    expect(one.stdout).toContain(`job j: 2 rows\n  ${stdoutFile}: `);
  });

  it('names what is damaged, for a person and as one JSON document, and ends with 1', async () => {
    await appendFile(stdoutFile, 'rubbish');
    await rm(join(folder, '.joblet/wal'), { recursive: true, force: true });
    const text = await run(runVerify, '--config', config);
    expect(text.exitCode).toBe(1);
    expect(text.stdout).toMatch(/damaged: .*stdout\.log\.gz: bytes \d+ to \d+: there is no gzip member\n/);
    expect(text.stdout).toContain('1 problems, 1 damaged jobs\n');
    const json = await run(runVerify, '--config', config, '--json');
    expect(json.exitCode).toBe(1);
    const { reports } = JSON.parse(json.stdout) as { reports: { kind: string; missingRows?: string }[] };
    expect(reports.at(-1)).toMatchObject({ kind: 'total', jobs: 1, problems: 1, missingRows: '0' });
  });

  it('names what cannot be read, looks at all else, and ends with 1', async () => {
    await rm(`${stdoutFile}.idx`, { force: true });
    await mkdir(`${stdoutFile}.idx`);
    await rm(join(folder, '.joblet/runs'), { recursive: true });
    await writeFile(join(folder, '.joblet/runs'), '');
    const found = `damaged: ${stdoutFile}.idx: found a directory, expected a file\n`;
    const { exitCode, stdout } = await run(runVerify, '--config', config);
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`damaged: ${folder}/.joblet/runs: found a file, expected a folder\n`);
    expect(stdout).toContain(found);
    expect(stdout).toContain('1 jobs, 2 rows in files, ');
    const repaired = await run(runVerify, '--config', config, '--repair');
    expect(repaired).toMatchObject({ exitCode: 1, stderr: '' });
    expect(repaired.stdout).toContain(found.replace('damaged', 'repaired'));
    await rm(join(folder, '.joblet/runs'));
    expect(await run(runVerify, '--config', config)).toMatchObject({ exitCode: 0 });
  });

  it('repairs, and changes nothing without being told', async () => {
    await writeFile(join(folder, '.joblet/x.tmp'), 'half');
    expect((await run(runVerify, '--config', config)).stdout).toContain('orphan: ');
    expect((await run(runVerify, '--config', config, '--repair')).stdout).toContain('removed: ');
    expect((await run(runVerify, '--config', config)).stdout).not.toContain('orphan');
  });

  it('ends with 69 for a store that is in use or not there, 64 for wrong usage', async () => {
    const store = await openLocalStore({ baseDirectory: folder });
    expect(await run(runVerify, '--config', config, '--repair')).toMatchObject({ exitCode: 69 });
    expect(await run(runVerify, '--config', config)).toMatchObject({ exitCode: 0 });
    await store.close();
    await writeFile(config, `persist: {storage: {base_dir: ${folder}/none}}\n`);
    expect(await run(runVerify, '--config', config)).toMatchObject({ exitCode: 69 });
    await writeFile(config, `persist: {storage: {type: ./mine.js}}\n`);
    const custom = await run(runVerify, '--config', config);
    expect(custom).toMatchObject({ exitCode: 64, stdout: '' });
    expect(custom.stderr).toContain('only the local store can be verified');
    expect(await run(runVerify, '--config', join(folder, 'none.yml'))).toMatchObject({ exitCode: 64 });
    expect(await run(runVerify, '--config', config, '../j')).toMatchObject({ exitCode: 64 });
  });
});

describe('persist inspect', () => {
  it('shows a table of blocks, or JSON', async () => {
    const { exitCode, stdout } = await run(runInspect, stdoutFile);
    expect(exitCode).toBe(0);
    const [about, heads, block] = stdout.split('\n');
    expect(about).toContain(`${stdoutFile}: gzip members of rows, `);
    expect(heads).toMatch(/offset +length +rows +ordinals +oldest +newest +content +ratio +checksum/);
    expect(block).toMatch(/ +0 +\d+ +2 +0-1 +2025-11-20T00:53:20.000Z .* 12 +0\.\d +ok/);
    const json = JSON.parse((await run(runInspect, '--json', stdoutFile)).stdout) as object;
    expect(json).toMatchObject({ kind: 'data', blocks: [{ offset: 0, rows: 2, lastOrdinal: '1' }] });
  });

  it('ends with 1 for a damaged block, 64 for no file of a store, 69 for none', async () => {
    await appendFile(stdoutFile, 'rubbish');
    expect(await run(runInspect, stdoutFile)).toMatchObject({ exitCode: 1 });
    expect(await run(runInspect, config)).toMatchObject({ exitCode: 64 });
    expect(await run(runInspect, join(folder, 'none'))).toMatchObject({ exitCode: 69 });
  });
});

it('shows names without what they could do to a terminal, and sizes for people', () => {
  expect(shown('a\x1b[2Jb\n')).toBe('a\\x1b[2Jb\\x0a');
  expect([0, 1023, 1024, 1536 * 1024].map(size)).toEqual(['0 bytes', '1023 bytes', '1.0 KiB', '1.5 MiB']);
});
