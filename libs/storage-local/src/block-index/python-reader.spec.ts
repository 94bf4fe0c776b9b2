import { spawnSync } from 'node:child_process';
import { copyFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch, type LogRow } from '@joblet/storage';
import { writeLostRows } from '../engine/lost-rows.js';
import { filterFileOf, indexFileOf } from '../format/file-names.js';
import { openLocalStore } from '../local-store.js';
import { FileSnapshot } from '../read/file-snapshot.js';
import { collect, tempDirectory } from '../testing/temp-store.js';
import { IndexFiles } from './index-files.js';

const READER = fileURLToPath(new URL('../../../../docs/read_joblet_files.py', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython && process.env.JOBLET_REQUIRE_SERVERS === '1')
  throw new Error('python3 is required, and was not found');

const T0 = 1_763_600_000_000_000_000n;

interface PythonRow {
  readonly ordinal: number;
  readonly text?: string;
}

// A stranger may not have Python: then the summary of npm test says that this was left out.
(hasPython ? describe : describe.skip)('the reader in Python', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let files: string[];
  let metrics: string;
  let rows: readonly LogRow[];
  const python = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync('python3', [READER, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };
  const rowsIn = (stdout: string) =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PythonRow);

  beforeAll(async () => {
    ({ path: directory, remove } = await tempDirectory());
    let store = await openLocalStore({ baseDirectory: directory });
    for (let batch = 0; batch < 6; batch++) {
      const lines = Array.from({ length: 40 }, (_, line) => ({
        jobId: 'j',
        stream: line % 3 === 0 ? 2 : 1,
        timestamp: T0 + BigInt(batch * 1000 - line),
        sequence: BigInt(line),
        content:
          line === 7
            ? Buffer.from([0xff, batch])
            : Buffer.from(`batch ${batch} line ${line} é <a href="x">\n`),
      }));
      await store.writeLogs(LogBatch.from(lines));
      await store.writeMetrics(
        MetricBatch.from([
          { jobId: 'j', timestamp: T0, data: { cpuUsage: batch / 4, memoryUsage: 2n ** 62n, gpuUsage: 0 } },
        ]),
      );
      // A block for each batch.
      await store.close();
      store = await openLocalStore({ baseDirectory: directory });
    }
    ({ rows } = await collect(store.readLogs({ jobId: 'j' })));
    await store.close();
    files = ['stdout.log.gz', 'stderr.log.gz'].map((name) => join(directory, 'logs/j', name));
    metrics = join(directory, 'metrics/j/metrics.jsonl.gz');
    const indexes = new IndexFiles();
    for (const [number, path] of [...files, metrics].entries()) {
      const data = FileSnapshot.openSync(path, undefined);
      if (!(data instanceof FileSnapshot)) throw new Error(`${path} is ${String(data)}`);
      expect(await indexes.open({ path, jobId: 'j', stream: [1, 2, 0][number] }, data)).toBeDefined();
      await data.close();
    }
  });
  afterAll(() => remove());

  it('gives the rows of a job in order', () => {
    const { stdout, stderr } = python('rows', ...files);
    expect(stderr).toBe('');
    const found = rowsIn(stdout);
    expect(found.map(({ ordinal }) => BigInt(ordinal))).toEqual(rows.map(({ ordinal }) => ordinal));
    expect(found.map(({ text }) => text).filter((text) => text !== undefined)).toEqual(
      rows.map(({ content }) => Buffer.from(content).toString()).filter((text) => !text.includes('\ufffd')),
    );
    expect(rowsIn(python('rows', metrics).stdout)).toHaveLength(6);
  });

  it('finds a needle in the blocks that can have it', () => {
    const { stdout, stderr } = python('find', 'batch 4 line 2', ...files);
    expect(rowsIn(stdout).map(({ text }) => text)).toEqual(
      rows
        .map(({ content }) => Buffer.from(content).toString())
        .filter((text) => text.includes('batch 4 line 2')),
    );
    expect(stderr).toContain('read 1 of 6 blocks');
  });

  it('has nothing to say of the file that tells which rotated files are gone', async () => {
    const lost = { stream: 1, upTo: 2, rows: 7n, bytes: 70n, lastOrdinal: 6n, time: T0, reason: 'too many' };
    await writeLostRows(dirname(files[0]), { jobId: 'j', name: 'logs', lost });
    const gone = join(dirname(files[0]), 'stdout.log.0.gz');
    expect(rowsIn(python('rows', gone, ...files).stdout)).toHaveLength(rows.length);
    expect(python('check', gone, ...files)).toMatchObject({ status: 0, stderr: '' });
  });

  it('agrees with the indexes, and says where one is wrong', async () => {
    expect(python('check', ...files, metrics)).toMatchObject({ status: 0, stderr: '' });
    await writeFile(filterFileOf(files[0]), Buffer.alloc(0));
    expect(rowsIn(python('find', 'batch 4 line 2', ...files).stdout)).not.toHaveLength(0);
    await copyFile(indexFileOf(files[1]), indexFileOf(files[0]));
    expect(python('check', files[0])).toMatchObject({ status: 1 });
  });
});
