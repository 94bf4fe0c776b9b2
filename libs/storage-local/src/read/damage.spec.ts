import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, type Gap, type LogRow } from '@joblet/storage';
import { openLocalStore, type LocalStore } from '../index.js';
import { collect, tempDirectory } from '../testing/temp-store.js';

const ROWS_PER_WRITE = 4;
const WRITES = 3;
const ROWS = ROWS_PER_WRITE * WRITES;

/** Content that grows with the row, so that an exchanged row is seen. */
function content(index: number): string {
  return `row ${index} ${'abc'.repeat(index)}\n`;
}

describe('files of ours that were damaged', () => {
  let store: LocalStore;
  let directory: string;
  let remove: () => Promise<void>;
  let path: string;
  let whole: Buffer;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
    store = await openLocalStore({ baseDirectory: directory });
    for (let write = 0; write < WRITES; write++) {
      const indexes = Array.from({ length: ROWS_PER_WRITE }, (_, row) => write * ROWS_PER_WRITE + row);
      await store.writeLogs(
        LogBatch.from(
          indexes.map((index) => ({
            jobId: 'job',
            stream: index % 3 === 2 ? 2 : 1,
            timestamp: BigInt(index),
            sequence: BigInt(index),
            content: Buffer.from(content(index)),
          })),
        ),
      );
      await store.flush();
    }
    path = join(directory, 'logs/job/stdout.log.gz');
    whole = await readFile(path);
  });

  afterEach(async () => {
    await store.close();
    await remove();
  });

  async function read(): Promise<{ rows: LogRow[]; gaps: Gap[] }> {
    const before = await readFile(path);
    const found = await collect(store.readLogs({ jobId: 'job' }));
    expect((await readFile(path)).equals(before)).toBe(true);
    return found;
  }

  /** Nothing invented, nothing moved; what is not there is in a gap. */
  function expectTrue({ rows, gaps }: { rows: LogRow[]; gaps: Gap[] }): void {
    const ordinals = rows.map(({ ordinal }) => Number(ordinal));
    expect(ordinals).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
    for (const { ordinal, content: bytes, sequence } of rows) {
      expect(sequence).toBe(ordinal);
      expect(Buffer.from(bytes).toString()).toBe(content(Number(ordinal)));
    }
    // A gap without a number of rows is at the end, where nobody can know how many there were.
    const reported = gaps.reduce((sum, { rows: missing = 0n }) => sum + Number(missing), 0);
    const openEnd = gaps.some(({ rows: missing }) => missing === undefined);
    const missing = ROWS - rows.length;
    if (openEnd) expect(reported).toBeLessThanOrEqual(missing);
    else expect(reported).toBe(missing);
  }

  it('cut at every byte: all rows of whole members, complete rows of the one that is cut', async () => {
    let last = -1;
    for (let length = 0; length <= whole.length; length++) {
      await writeFile(path, whole.subarray(0, length));
      const found = await read();
      const stdout = found.rows.filter(({ stream }) => stream === 1).length;
      expect(found.rows.filter(({ stream }) => stream === 2)).toHaveLength(4);
      expect(stdout).toBeGreaterThanOrEqual(last);
      last = stdout;
      // Rows of stdout that lie before a row of stderr are known to be missing; behind the last nobody can tell.
      for (const { ordinal, content: bytes } of found.rows) {
        expect(Buffer.from(bytes).toString()).toBe(content(Number(ordinal)));
      }
      if (stdout < 8 && length > 0) expect(found.gaps.length).toBeGreaterThan(0);
    }
    expect(last).toBe(8);
  });

  it('any one byte changed: the other members are read, the damaged one is a gap', async () => {
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged[at] ^= 0x55;
      await writeFile(path, damaged);
      const found = await read();
      expectTrue(found);
      expect(found.rows.length).toBeGreaterThanOrEqual(ROWS_PER_WRITE * (WRITES - 1));
    }
  });

  it('one damaged member is one gap of its stream, however the streams are mixed', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => ({
      jobId: 'mixed',
      stream: 1 + (index % 2),
      timestamp: BigInt(index),
      content: Buffer.from(content(index % 30)),
    }));
    for (let write = 0; write < 4; write++) {
      await store.writeLogs(LogBatch.from(rows.slice(write * 25, write * 25 + 25)));
      await store.flush();
    }
    path = join(directory, 'logs/mixed/stdout.log.gz');
    const damaged = await readFile(path);
    const second = damaged.indexOf(Buffer.from([0x1f, 0x8b, 0x08, 0x04]), 1);
    damaged[second + 100] ^= 0x55;
    await writeFile(path, damaged);
    const all = await collect(store.readLogs({ jobId: 'mixed' }));
    expect(all.gaps).toMatchObject([
      { stream: 1, rows: 12n, reason: expect.stringContaining('a member is damaged') },
    ]);
    expect(all.rows).toHaveLength(88);
    expect((await collect(store.readLogs({ jobId: 'mixed', stream: 2 }))).gaps).toEqual([]);
  });

  it('garbage between members is stepped over and reported', async () => {
    const second = whole.indexOf(Buffer.from([0x1f, 0x8b, 0x08, 0x04]), 1);
    const garbage = Buffer.from('garbage \x1f\x8b\x08\x00 that looks like a header');
    await writeFile(path, Buffer.concat([whole.subarray(0, second), garbage, whole.subarray(second)]));
    const found = await read();
    expect(found.rows).toHaveLength(ROWS);
    expect(found.gaps).toHaveLength(1);
    expect(found.gaps[0].reason).toContain(`there is no gzip member: ${path}, bytes ${second} to`);
  });

  it('a file extended with zeros, as a power loss leaves it, has all its rows', async () => {
    await truncate(path, whole.length + 5_000);
    const found = await read();
    expect(found.rows).toHaveLength(ROWS);
    expect(found.gaps).toHaveLength(1);
  });

  it('what is written behind a cut member is read, with the loss in between', async () => {
    await writeFile(path, whole.subarray(0, whole.length - 3));
    await store.writeLogs(
      LogBatch.from([
        {
          jobId: 'job',
          stream: 1,
          timestamp: BigInt(ROWS),
          sequence: BigInt(ROWS),
          content: Buffer.from(content(ROWS)),
        },
      ]),
    );
    await store.flush();
    const { rows } = await read();
    expect(rows.at(-1)).toMatchObject({ ordinal: BigInt(ROWS), sequence: BigInt(ROWS) });
  });

  it('the job information counts the gaps and what is left', async () => {
    // Numbers are remembered until a file has another size.
    await writeFile(path, Buffer.concat([whole.subarray(0, 100), whole.subarray(140)]));
    const found = await read();
    const info = await store.getJobInfo('job');
    expect(Number(info.stdout.rows + info.stderr.rows)).toBe(found.rows.length);
    expect(info.gaps).toBe(found.gaps.length);
  });
});
