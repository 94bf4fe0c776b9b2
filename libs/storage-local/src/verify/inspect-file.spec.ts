import { appendFile, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { openWal } from '@joblet/wal';
import { IndexFiles } from '../block-index/index-files.js';
import { batchEntry, encodeEntries } from '../engine/log-entry.js';
import { pieceHeaderBytes } from '../engine/piece-header.js';
import { RunStore } from '../engine/runs.js';
import { openLocalStore } from '../index.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { tempDirectory } from '../testing/temp-store.js';
import { inspectLocalFile } from './inspect-file.js';
import type { FileBlock } from './verify-report.js';

let directory: Awaited<ReturnType<typeof tempDirectory>>;
let path: string;

const BATCH = LogBatch.from([
  { jobId: 'j', stream: 1, timestamp: 5n, content: Buffer.from('needle in hay') },
  { jobId: 'j', stream: 1, timestamp: 7n, content: Buffer.from('more hay') },
]);

beforeEach(async () => {
  directory = await tempDirectory();
  path = join(directory.path, 'logs/j/stdout.log.gz');
  for (let block = 0; block < 2; block++) {
    const store = await openLocalStore({ baseDirectory: directory.path });
    await store.writeLogs(BATCH);
    await store.close();
  }
});

afterEach(() => directory.remove());

async function inspect(file: string) {
  const { blocks, ...about } = await inspectLocalFile(file);
  const found: FileBlock[] = [];
  for await (const block of blocks) found.push(block);
  return { ...about, found };
}

const BLOCKS = [
  { rows: 2, firstOrdinal: 0n, lastOrdinal: 1n, timeMin: 5n, timeMax: 7n, contentBytes: 21n },
  { rows: 2, firstOrdinal: 2n, lastOrdinal: 3n, timeMin: 5n, timeMax: 7n, contentBytes: 21n },
];

it('shows the blocks of a data file, and what is damaged', async () => {
  const whole = await inspect(path);
  expect(whole).toMatchObject({ kind: 'data', found: BLOCKS });
  expect(whole.found[1].offset).toBe(whole.found[0].length);
  expect(whole.bytes).toBe(whole.found[0].length + whole.found[1].length);
  await appendFile(path, 'rubbish');
  const { found } = await inspect(path);
  expect(found[2]).toMatchObject({ offset: whole.bytes, length: 7, problem: 'there is no gzip member' });
});

it('shows the entries of an index, and those that are damaged', async () => {
  const indexes = new IndexFiles();
  const data = FileSnapshot.openSync(path, undefined);
  if (!(data instanceof FileSnapshot)) throw new Error('there is no data');
  await indexes.open({ path, jobId: 'j', stream: 1 }, data);
  await indexes.close();
  await data.close();
  const found = await inspect(`${path}.idx`);
  expect(found).toMatchObject({ kind: 'index', about: 'index of stdout of job j', found: BLOCKS });
  const bytes = await readFile(`${path}.idx`);
  bytes[bytes.length - 1] ^= 1;
  await writeFile(`${path}.idx`, Buffer.concat([bytes, Buffer.from('half')]));
  const damaged = await inspect(`${path}.idx`);
  expect(damaged.found.map(({ problem }) => problem)).toEqual([
    undefined,
    'the checksum of the entry is wrong',
    'half an entry',
  ]);
});

it('shows the records of the log', async () => {
  const folder = join(directory.path, 'log');
  const log = await openWal({ directory: folder });
  await log.append(encodeEntries([batchEntry('logs', BATCH, [0n], undefined, 1)]));
  await log.append(Buffer.from('foreign'));
  await log.close();
  const [name] = (await readdir(folder)).filter((found) => found.endsWith('.wal'));
  await appendFile(join(folder, name), 'torn');
  const { kind, found, bytes } = await inspect(join(folder, name));
  expect(kind).toBe('log');
  expect(found).toMatchObject([
    { offset: 64, rows: 2, what: 'logs of 1 jobs' },
    { offset: 64 + found[0].length, problem: 'a record of something else' },
    { offset: bytes - 4, length: 4, problem: 'no whole record: a write that has not ended' },
  ]);
});

it('shows the pieces of a run, and those that are damaged', async () => {
  const store = new RunStore(directory.path);
  const ordinals = BigUint64Array.of(4n, 5n);
  const rows = { ...BATCH.table, bytes: BATCH.bytes, ordinals };
  const pieces = ['a', 'b'].map((jobId) => ({ jobId, area: 'logs' as const, rows }));
  const run = await store.write(pieces, 7n);
  await run.closeHandle();
  const { kind, about, found } = await inspect(run.path);
  expect({ kind, about }).toEqual({ kind: 'run', about: 'rows of 2 jobs, up to position 7 of the log' });
  const piece = { rows: 2, firstOrdinal: 4n, lastOrdinal: 5n };
  const header = pieceHeaderBytes(1);
  expect(found).toMatchObject([
    { ...piece, offset: header, what: 'logs of job a' },
    { ...piece, offset: header + found[0].length + header, what: 'logs of job b' },
  ]);
  const bytes = await readFile(run.path);
  bytes[header + 3] ^= 1;
  await writeFile(run.path, bytes);
  const damaged = await inspect(run.path);
  expect(damaged.found.map(({ problem }) => problem?.includes('rows of job a are damaged'))).toEqual([
    true,
    undefined,
  ]);
  await truncate(run.path, bytes.length - 1);
  const cut = await inspect(run.path);
  expect(cut.about).toContain('1 of its pieces are whole');
  expect(cut.found).toEqual([found[1]]);
});

it('refuses what is none of its files', async () => {
  const other = join(directory.path, 'other');
  await writeFile(other, 'something else');
  await expect(inspectLocalFile(other)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(inspectLocalFile(directory.path)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(inspectLocalFile(join(directory.path, 'none'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});
