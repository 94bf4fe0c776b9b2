import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch } from '@joblet/storage';
import { crc32c, openWal } from '@joblet/wal';
import { batchEntry, encodeEntries } from '../engine/log-entry.js';
import { LOG_DIRECTORY } from '../format/file-names.js';
import { parseHeader, TRAILER_BYTES } from '../format/gzip-member.js';
import { IndexFiles } from '../block-index/index-files.js';
import { HEADER_BYTES } from '../block-index/index-layout.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { goStoreCopy, tempDirectory } from '../testing/temp-store.js';
import { openLocalStore } from '../index.js';
import type { JobReport, OrphanReport, TotalReport } from './verify-report.js';
import { verifyLocalStore, type VerifyOptions } from './verify-store.js';

let directory: Awaited<ReturnType<typeof tempDirectory>>;
let base: string;

beforeEach(async () => {
  directory = await tempDirectory();
  base = directory.path;
});

afterEach(() => directory.remove());

const ROWS = 40;

/** Jobs with both streams and metrics, several blocks a file. */
async function writeJobs(...jobIds: string[]): Promise<void> {
  for (let block = 0; block < 4; block++) {
    const store = await openLocalStore({ baseDirectory: base });
    for (const jobId of jobIds) {
      const rows = Array.from({ length: ROWS / 4 }, (_, row) => ({
        jobId,
        stream: 1 + (row % 2),
        timestamp: BigInt(1_000 * block + row + 1),
        content: Buffer.from(`${jobId} block ${block} row ${row} needle-${block * 10 + row}`),
      }));
      await store.writeLogs(LogBatch.from(rows));
      await store.writeMetrics(MetricBatch.from([{ jobId, timestamp: BigInt(block + 1) }]));
    }
    await store.close();
  }
  // What was in it is in the files: as when it has been trimmed.
  await rm(join(base, LOG_DIRECTORY), { recursive: true, force: true });
}

async function indexAll(jobId: string): Promise<void> {
  const indexes = new IndexFiles();
  for (const [stream, path] of [logFile(jobId, 'stdout'), logFile(jobId, 'stderr')].entries()) {
    const data = FileSnapshot.openSync(path, undefined);
    if (!(data instanceof FileSnapshot)) throw new Error(`${path} is not there`);
    await indexes.open({ path, jobId, stream: stream + 1 }, data);
    await data.close();
  }
  await indexes.close();
}

function logFile(jobId: string, stream: 'stdout' | 'stderr'): string {
  return join(base, 'logs', jobId, `${stream}.log.gz`);
}

async function verify(options: Partial<VerifyOptions> = {}) {
  const jobs = new Map<string, JobReport>();
  const orphans: OrphanReport[] = [];
  let total: TotalReport | undefined;
  for await (const report of verifyLocalStore({ baseDirectory: base, ...options })) {
    if (report.kind === 'job') jobs.set(report.jobId, report);
    if (report.kind === 'orphan') orphans.push(report);
    if (report.kind === 'total') total = report;
  }
  if (total === undefined) throw new Error('there is no total');
  return { jobs, orphans, total };
}

/** Where each member of the file begins, and where the last one ends. */
async function memberOffsets(path: string): Promise<number[]> {
  const bytes = await readFile(path);
  const offsets = [0];
  for (let at = 0; at < bytes.length; offsets.push(at)) {
    const header = parseHeader(bytes.subarray(at));
    if (!header?.extra) throw new Error(`no member at ${at}`);
    at += header.headerBytes + header.extra.bodyBytes + TRAILER_BYTES;
  }
  return offsets;
}

async function snapshotOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const found = await stat(path);
    if (found.isFile()) files.set(name, `${found.mtimeMs} ${(await readFile(path)).toString('latin1')}`);
  }
  return files;
}

describe('verify', () => {
  it('finds nothing wrong with what the store wrote, counts all of it, and changes nothing', async () => {
    await writeJobs('a', 'b');
    await indexAll('a');
    const before = await snapshotOf(base);
    const { jobs, orphans, total } = await verify();
    expect(await snapshotOf(base)).toEqual(before);
    expect(orphans).toEqual([]);
    expect(total).toMatchObject({
      jobs: 2,
      damagedJobs: 0,
      rows: 2 * (ROWS + 4),
      missingRows: 0n,
      problems: 0,
    });
    const a = jobs.get('a');
    expect(a?.files.map(({ stream, rows, index }) => ({ stream, rows, index }))).toEqual([
      { stream: 1, rows: ROWS / 2, index: 'whole' },
      { stream: 2, rows: ROWS / 2, index: 'whole' },
      { stream: 0, rows: 4, index: expect.any(String) },
    ]);
    expect(a?.problems).toEqual([]);
  });

  it('sees the rows that are still in the log beside the owner', async () => {
    await using store = await openLocalStore({ baseDirectory: base });
    const content = Buffer.from('x');
    await store.writeLogs(LogBatch.from([{ jobId: 'live', stream: 1, timestamp: 1n, content }]));
    const { jobs, total } = await verify();
    expect([...jobs.keys()]).toEqual(['live']);
    expect(total).toMatchObject({ problems: 0, missingRows: 0n });
    await expect(verify({ repair: true })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it('tells a changed byte of a block with its place, and the rows that are missing', async () => {
    await writeJobs('a', 'b');
    const path = logFile('a', 'stdout');
    const offsets = await memberOffsets(path);
    const bytes = await readFile(path);
    bytes[offsets[2] - TRAILER_BYTES] ^= 1;
    await writeFile(path, bytes);
    const { jobs, total } = await verify();
    const found = jobs.get('a')?.problems.map(({ problem }) => problem) ?? [];
    expect(found[0]).toContain(`bytes ${offsets[1]} to ${offsets[2]}: a member is damaged`);
    expect(found).toEqual(expect.arrayContaining(['rows 12 to 12 are missing']));
    expect(jobs.get('a')).toMatchObject({ missingRows: 5n, gaps: 5 });
    expect(jobs.get('b')?.problems).toEqual([]);
    expect(total).toMatchObject({ damagedJobs: 1, missingRows: 5n });
  });

  it('tells what is cut off, what is cut out, and what is no gzip at all', async () => {
    await writeJobs('cut', 'hole', 'none');
    const offsets = await memberOffsets(logFile('cut', 'stdout'));
    await truncate(logFile('cut', 'stdout'), offsets[4] - 5);
    const holed = await readFile(logFile('hole', 'stdout'));
    const holes = await memberOffsets(logFile('hole', 'stdout'));
    await writeFile(
      logFile('hole', 'stdout'),
      Buffer.concat([holed.subarray(0, holes[1]), holed.subarray(holes[2])]),
    );
    await writeFile(logFile('none', 'stderr'), 'no gzip');
    const { jobs } = await verify();
    const problems = (jobId: string) => jobs.get(jobId)?.problems.map(({ problem }) => problem) ?? [];
    expect(problems('cut')).toContain(`bytes ${offsets[3]} to ${offsets[4] - 5}: a member was cut short`);
    expect(problems('hole')).toContain('rows 10 to 10 are missing');
    expect(problems('none')).toContain('bytes 0 to 7: there is no gzip member');
  });

  it.each<[string, (path: string) => Promise<unknown>]>([
    ['cut', (path) => truncate(path, 300)],
    ['of another job', (path) => copyFile(join(base, 'logs', 'b', 'stdout.log.gz.idx'), path)],
    [
      'changed',
      async (path) => {
        const bytes = await readFile(path);
        bytes[200] ^= 4;
        await writeFile(path, bytes);
      },
    ],
    ['without its filters', (path) => rm(path.replace('.idx', '.flt'))],
  ])('tells an index that is %s, and makes it anew when it is to repair', async (_, damage) => {
    await writeJobs('a', 'b');
    await indexAll('a');
    await indexAll('b');
    const path = `${logFile('a', 'stdout')}.idx`;
    await damage(path);
    const data = await readFile(logFile('a', 'stdout'));
    const found = await verify();
    expect(found.jobs.get('a')?.files[0].index).toBe('wrong');
    expect(found.total).toMatchObject({ problems: 1, damagedJobs: 1, missingRows: 0n });
    const repaired = await verify({ repair: true });
    expect(repaired.jobs.get('a')?.files[0].index).toBe('whole');
    expect(repaired.total).toMatchObject({ problems: 0, repaired: 1 });
    expect((await verify()).total).toMatchObject({ problems: 0, repaired: 0 });
    expect((await readFile(logFile('a', 'stdout'))).equals(data)).toBe(true);
  });

  it('counts each row once: one that is there twice is told, one of a damaged block is missing', async () => {
    await writeJobs('twice', 'cut');
    const twice = logFile('twice', 'stderr');
    const [from, to] = await memberOffsets(twice);
    await appendFile(twice, (await readFile(twice)).subarray(from, to));
    const cut = logFile('cut', 'stdout');
    await truncate(cut, (await stat(cut)).size - 40);
    const { jobs } = await verify();
    expect(jobs.get('twice')).toMatchObject({ rows: ROWS + 4, missingRows: 0n });
    expect(jobs.get('twice')?.problems).toContainEqual({
      path: twice,
      problem: expect.stringMatching(/^bytes \d+ to \d+: rows 1 to 9 are in the file already$/),
    });
    expect(jobs.get('cut')).toMatchObject({ rows: ROWS + 4 - 5, missingRows: 5n });
  });

  it('takes an index of another version for none', async () => {
    await writeJobs('a');
    await indexAll('a');
    const path = `${logFile('a', 'stdout')}.idx`;
    const bytes = await readFile(path);
    bytes.writeUInt16LE(1, 8);
    bytes.writeUInt32LE(crc32c(bytes.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
    await writeFile(path, bytes);
    const { jobs, total } = await verify();
    expect(jobs.get('a')?.files[0].index).toBe('none');
    expect(total.problems).toBe(0);
  });

  it('names what belongs to nothing, and removes of it what is its own', async () => {
    await writeJobs('a');
    await writeFile(join(base, 'logs', 'a', 'notes.txt'), 'mine');
    await writeFile(join(base, 'logs', 'a', '.stdout.log.gz.new'), 'half');
    await mkdir(join(base, 'logs', 'b'));
    await writeFile(join(base, 'logs', 'b', 'stdout.log.gz.idx'), 'index');
    await mkdir(join(base, 'logs', 'no job'));
    await writeFile(join(base, '.joblet', 'x.tmp'), 'half');
    const names = ({ orphans }: Awaited<ReturnType<typeof verify>>, removed: boolean): string[] =>
      orphans
        .flatMap((orphan) => (orphan.removed === removed ? orphan.path.slice(base.length + 1) : []))
        .sort();
    const ours = ['.joblet/x.tmp', 'logs/a/.stdout.log.gz.new', 'logs/b/stdout.log.gz.idx'];
    const others = ['logs/a/notes.txt', 'logs/no job'];
    const found = await verify();
    expect(names(found, false)).toEqual([...ours, ...others].sort());
    expect(found.total).toMatchObject({ orphans: 5, problems: 0 });
    const repaired = await verify({ repair: true });
    expect(names(repaired, true)).toEqual(ours);
    expect(names(repaired, false)).toEqual(others);
    expect(names(await verify(), false)).toEqual(others);
  });

  it('looks only at the jobs that are asked for', async () => {
    await writeJobs('a', 'b');
    await appendFile(logFile('b', 'stdout'), 'rubbish');
    expect((await verify({ jobIds: ['a'] })).total).toMatchObject({ jobs: 1, problems: 0 });
    expect((await verify({ jobIds: ['b'] })).total).toMatchObject({ jobs: 1, problems: 1 });
    await expect(verify({ jobIds: ['../b'] })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(verify({ baseDirectory: join(base, 'none') })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('reads what the Go service wrote, whose rows have no numbers', async () => {
    await directory.remove();
    directory = await goStoreCopy();
    base = directory.path;
    const { jobs, total } = await verify();
    expect(total.rows).toBeGreaterThan(0);
    const noted = [...jobs.values()].filter(({ notes }) =>
      notes.some((note) => note.includes('without numbers')),
    );
    expect(noted.length).toBeGreaterThan(0);
    expect(total.missingRows).toBe(0n);
  });

  it('takes a whole file that somebody packed anew', async () => {
    await writeJobs('a');
    const path = logFile('a', 'stdout');
    await rm(`${path}.idx`, { force: true });
    await writeFile(path, gzipSync(gunzipSync(await readFile(path))));
    expect((await verify()).jobs.get('a')).toMatchObject({ problems: [], missingRows: 0n });
  });
});

it('takes rows in runs and in the log for what they are, and tells what is missing in between', async () => {
  const row = (jobId: string) => ({ jobId, stream: 1, timestamp: 1n, content: Buffer.from('x') });
  const log = await openWal({ directory: join(base, LOG_DIRECTORY) });
  const put = (first: bigint, jobId: string) =>
    log.append(
      encodeEntries([batchEntry('logs', LogBatch.from([row(jobId), row(jobId)]), [first], undefined, 1)]),
    );
  await put(0n, 'a');
  await put(2n, 'a');
  await put(0n, 'b');
  await put(5n, 'b');
  await put(0n, 'gone');
  await log.append(
    encodeEntries([
      { type: 'delete', jobId: 'gone', whole: true, areas: [{ area: 'logs', nextOrdinal: 0n }] },
    ]),
  );
  await log.append(Buffer.from('foreign'));
  await log.close();
  const { jobs, total } = await verify();
  expect(jobs.get('a')).toMatchObject({ problems: [], missingRows: 0n });
  expect(jobs.get('b')?.problems).toMatchObject([{ problem: 'rows 2 to 4 are missing', missingRows: 3n }]);
  expect(total).toMatchObject({ problems: 2, missingRows: 3n, gaps: 1 });
});
