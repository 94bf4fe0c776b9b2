import { appendFile, mkdir, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { FileSnapshot } from './file-snapshot.js';
import { openLocalStore, type LocalStore } from '../index.js';
import { scanMembers } from './member-scanner.js';
import { tempDirectory } from '../testing/temp-store.js';

const ROW_BYTES = 4_000;

/** Rows as the Go service writes them, numbered from 0; most of each is padding, which compresses to next to nothing. */
function goRows(count: number): Buffer {
  const padding = Buffer.alloc(3_000, 'row ').toString('base64');
  const rows = Array.from({ length: count }, (_, sequence) => {
    return `{"job_id":"job","stream":1,"timestamp":1,"sequence":${sequence},"content":"${padding}"}\n`;
  });
  return Buffer.from(rows.join(''));
}

describe('members that inflate to more than memory should hold', () => {
  let directory: string;
  let remove: () => Promise<void>;
  let store: LocalStore;
  let path: string;

  beforeEach(async () => {
    ({ path: directory, remove } = await tempDirectory());
    store = await openLocalStore({ baseDirectory: directory });
    await mkdir(join(directory, 'logs/job'));
    path = join(directory, 'logs/job/stdout.log.gz');
  });
  afterEach(async () => {
    await store.close();
    await remove();
  });

  async function count(): Promise<{ rows: number; last: bigint; gaps: string[] }> {
    const found = { rows: 0, last: -1n, gaps: [] as string[] };
    for await (const item of store.readLogs({ jobId: 'job' })) {
      if (item.kind === 'gap') found.gaps.push(item.reason);
      else {
        found.rows += item.length;
        found.last = item.row(item.length - 1).sequence;
      }
    }
    return found;
  }

  it('one of 300 MiB is read whole, cut, and without its trailer', async () => {
    const rows = 300 * 262;
    const whole = gzipSync(goRows(rows), { level: 6 });
    await writeFile(path, whole);
    const before = process.memoryUsage().rss;
    let highest = before;
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 20);
    expect(await count()).toEqual({ rows, last: BigInt(rows - 1), gaps: [] });
    clearInterval(watch);
    // The text is 300 MiB: it was never in memory as a whole.
    expect(highest - before).toBeLessThan(200 * 2 ** 20);
    await truncate(path, whole.length >> 1);
    const cut = await count();
    expect(cut.rows).toBeGreaterThan(rows * 0.4);
    expect(cut.last).toBe(BigInt(cut.rows - 1));
    expect(cut.gaps).toEqual([expect.stringContaining('cut short')]);
    await rm(path);
    await writeFile(path, whole.subarray(0, -4));
    await appendFile(path, gzipSync('{"sequence":99}\n'));
    expect(await count()).toMatchObject({ rows: rows + 1, last: 99n });
  }, 300_000);

  it.each([1, 2, 7, 8, 9, 50])('gives the same when a limit of %i rows is passed', async (limit) => {
    const text = goRows(8);
    const damaged = gzipSync(text);
    damaged[damaged.length - 6] ^= 1;
    const cases = { whole: gzipSync(text), cut: gzipSync(text).subarray(0, -9), damaged };
    for (const [name, bytes] of Object.entries(cases)) {
      await writeFile(path, Buffer.concat([bytes, gzipSync('{"sequence":99}\n')]));
      const found = await scan(path, limit * ROW_BYTES);
      expect([name, ...found]).toEqual([name, ...(await scan(path, 2 ** 30))]);
      expect(found.at(-1)).toBe('{"sequence":99}\n');
    }
  });
});

/** The text of each member, or what was wrong. */
async function scan(path: string, wholeTextBytesMax: number): Promise<string[]> {
  const file = FileSnapshot.openSync(path, undefined);
  if (!(file instanceof FileSnapshot)) throw new Error(`no file: ${path}`);
  const found: string[] = [];
  try {
    const range = { start: 0, end: file.size };
    for await (const item of scanMembers(file, range, {
      wants: () => true,
      wholeTextBytesMax,
      checkpoint: () => undefined,
    })) {
      if (item.kind === 'damage') found.push(`${item.problem} ${item.start} ${item.end}`);
      else {
        let text = '';
        for await (const piece of item.text ?? []) text += piece.toString();
        found.push(text);
      }
    }
  } finally {
    await file.close();
  }
  return found;
}
