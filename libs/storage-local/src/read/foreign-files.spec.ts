import { spawnSync } from 'node:child_process';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, deflateRawSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch } from '@joblet/storage';
import { openLocalStore, type LocalStore } from '../index.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

const GO_HEADER = Buffer.from('1f8b08000000000000ff', 'hex');

function goRow(sequence: number, content: string): string {
  const bytes = Buffer.from(content).toString('base64');
  return `{"job_id":"j","stream":1,"timestamp":${1_763_600_000_000_000_000n + BigInt(sequence)},"sequence":${sequence},"content":"${bytes}"}\n`;
}

describe('files that others have had their hands in', () => {
  let store: LocalStore;
  let directory: string;
  let remove: () => Promise<void>;
  let path: string;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
    store = await openLocalStore({ baseDirectory: directory });
    path = join(directory, 'logs/j/stdout.log.gz');
    await mkdir(join(directory, 'logs/j'));
  });
  afterEach(async () => {
    await store.close();
    await remove();
  });

  const read = () => collect(store.readLogs({ jobId: 'j' }));
  const texts = (rows: readonly { content: Uint8Array }[]) =>
    rows.map(({ content }) => Buffer.from(content).toString());

  it.each(['=', '\0', 'a'])(
    'the older generation with a row of 200,000 times %j is complete',
    async (character) => {
      const rows = Array.from({ length: 20 }, (_, sequence) =>
        goRow(sequence, sequence === 9 ? character.repeat(200_000) : `row ${sequence}`),
      );
      // A sync flush behind each row, and no end.
      const flushed = { finishFlush: constants.Z_SYNC_FLUSH, level: 6 };
      const bodies = rows.map((row) => deflateRawSync(row, flushed));
      await writeFile(path, Buffer.concat([GO_HEADER, ...bodies]));
      const { rows: found, gaps } = await read();
      expect(gaps).toEqual([]);
      expect(found.map(({ sequence }) => Number(sequence))).toEqual(rows.map((_, index) => index));
    },
  );

  it('JSON of another program is no row', async () => {
    const other = '{"level":"info","msg":"other program"}\n'.repeat(3);
    const members = [goRow(0, 'first'), other, goRow(1, 'second')].map((text) => gzipSync(text));
    await writeFile(path, Buffer.concat(members));
    const { rows, gaps } = await read();
    expect(texts(rows)).toEqual(['first', 'second']);
    expect(gaps.length).toBeGreaterThan(0);
  });

  it('the gap at the end counts what the damaged header says, before an append and after', async () => {
    const write = async (...contents: string[]) => {
      await store.writeLogs(
        LogBatch.from(
          contents.map((text) => ({ jobId: 'j', stream: 1, timestamp: 1n, content: Buffer.from(text) })),
        ),
      );
      await store.flush();
    };
    await write('0', '1');
    const { length } = await readFile(path);
    await write('2', '3', '4');
    const damaged = await readFile(path);
    // In the deflate stream of the last member, behind its header.
    damaged[damaged.length - 12] ^= 0x10;
    expect(damaged.length).toBeGreaterThan(length);
    await writeFile(path, damaged);
    expect((await read()).gaps).toMatchObject([{ afterOrdinal: 1n, rows: 3n }]);
    await write('5');
    const { rows, gaps } = await read();
    expect(gaps).toMatchObject([{ afterOrdinal: 1n, rows: 3n }]);
    expect(rows.map(({ ordinal }) => ordinal)).toEqual([0n, 1n, 5n]);
  });

  it('a FIFO in place of a file keeps the rows of its job out of it, without waiting, and stays', async () => {
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    const row = { jobId: 'j', stream: 1, timestamp: 1n, content: Buffer.from('x') };
    await store.writeLogs(LogBatch.from([row]));
    await store.writeLogs(LogBatch.from([{ ...row, jobId: 'other' }]));
    await store.flush();
    expect((await lstat(path)).isFIFO()).toBe(true);
    expect(store.figures()).toMatchObject({ parkedAreas: 1 });
    expect((await collect(store.readLogs({ jobId: 'j' }))).rows).toHaveLength(1);
    expect((await collect(store.readLogs({ jobId: 'other' }))).rows).toHaveLength(1);
  });
});
