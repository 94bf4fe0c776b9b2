import { execFileSync } from 'node:child_process';
import { appendFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, MetricBatch, type LogRow, type NewLogRow } from '@joblet/storage';
import fc from 'fast-check';
import { JOB_INDEX_FILE } from './format/file-names.js';
import { openEngineStore, type LocalStoreEvent, type LocalStoreOptions } from './local-store.js';
import { collect, tempDirectory } from './testing/temp-store.js';
import { verifyLocalStore } from './verify/verify-store.js';

const JOB = 'job-1';

let directory: Awaited<ReturnType<typeof tempDirectory>>;
let base: string;
let events: LocalStoreEvent[];

beforeEach(async () => {
  directory = await tempDirectory();
  base = join(directory.path, 'store');
  events = [];
});

afterEach(() => directory.remove());

const open = (options: Partial<LocalStoreOptions> = {}) =>
  openEngineStore({ baseDirectory: base, onEvent: (event) => events.push(event), ...options });
type Opened = Awaited<ReturnType<typeof open>>;

let written: NewLogRow[];

/** Text that compresses badly, always the same. */
function noise(seed: number, length: number): string {
  let text = '';
  for (let at = 0; text.length < length; at++)
    text += Math.sin(seed * 37 + at)
      .toString(36)
      .slice(3);
  return text.slice(0, length);
}

/** Blocks that compress badly: about 1 KB each. */
async function write({ store, engine }: Opened, blocks: number, streams = [1]): Promise<void> {
  for (let block = 0; block < blocks; block++) {
    const rows = Array.from({ length: 20 }, (_, row): NewLogRow => {
      const number = written.length + row;
      return {
        jobId: JOB,
        stream: streams[row % streams.length],
        timestamp: BigInt(number + 1),
        sequence: 0n,
        content: Buffer.from(`line ${number} ${noise(number, 150)}\n`),
      };
    });
    written.push(...rows);
    await store.writeLogs(LogBatch.from(rows));
    await engine.sealAll();
  }
}

beforeEach(() => {
  written = [];
});

const names = async () =>
  (await readdir(join(base, 'logs', JOB))).filter((name) => name.endsWith('.gz')).sort();
const textOf = ({ content }: { content: Uint8Array }) => Buffer.from(content).toString();
const contents = (rows: readonly LogRow[]) => rows.map(textOf);
const all = (from = 0) => written.slice(from).map(textOf);

async function verified(repair = false): Promise<object> {
  const problems: string[] = [];
  const orphans: string[] = [];
  for await (const report of verifyLocalStore({ baseDirectory: base, repair })) {
    if (report.kind === 'job') problems.push(...report.problems.map(({ problem }) => problem));
    if (report.kind === 'orphan') orphans.push(report.path);
  }
  return { problems, orphans };
}

describe('rotation', () => {
  it('puts a full file aside under a name that it keeps, and everybody finds the rows there', async () => {
    const rotation = { logs: { maxBytes: 10_000, maxFiles: 0 } };
    let opened = await open({ rotation });
    await write(opened, 40);
    const files = await names();
    expect(files.length).toBeGreaterThan(4);
    expect(files.slice(0, 2)).toEqual(['stdout.log.1.gz', 'stdout.log.2.gz']);
    expect(contents((await collect(opened.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
    const info = await opened.store.getJobInfo(JOB);
    expect([info.stdout.rows, info.gaps]).toEqual([800n, 0]);
    expect(contents((await collect(opened.store.readLogs({ jobId: JOB, tail: 7 }))).rows)).toEqual(all(793));
    await opened.store.close();
    const text = execFileSync('sh', ['-c', 'gzip -dc $(ls -v stdout.log.*.gz) stdout.log.gz | wc -l'], {
      cwd: join(base, 'logs', JOB),
    });
    expect(Number(text)).toBe(800);
    opened = await open({ rotation });
    expect(await opened.store.getJobInfo(JOB)).toEqual(info);
    expect(contents((await collect(opened.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
    await opened.store.endJob(JOB, { time: 1n });
    await opened.engine.rewriteEnded();
    expect(opened.engine.figures().filesRewritten).toBe((await names()).length);
    expect(await collect(opened.store.readLogs({ jobId: JOB }))).toMatchObject({ gaps: [] });
    await opened.store.close();
    // The job index is lost.
    await rm(join(base, '.joblet'), { recursive: true });
    opened = await open({ rotation });
    expect(await opened.store.getJobInfo(JOB)).toMatchObject({ ...info, sizeBytes: expect.anything() });
    await write(opened, 20);
    expect(contents((await collect(opened.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
    await opened.store.close();
  });

  it('takes away the oldest files when there are too many, and leaves one gap for all of them', async () => {
    const rotation = { logs: { maxBytes: 5_000, maxFiles: 2 } };
    let opened = await open({ rotation });
    await write(opened, 40, [1, 2]);
    const check = async (): Promise<void> => {
      const { rows, gaps } = await collect(opened.store.readLogs({ jobId: JOB }));
      const kept = new Set(rows.map(({ ordinal }) => Number(ordinal)));
      expect(contents(rows)).toEqual(written.filter((_, index) => kept.has(index)).map(textOf));
      const lost = written.filter((_, index) => !kept.has(index));
      expect(gaps.length).toBe(2);
      for (const gap of gaps) {
        const own = lost.filter(({ stream }) => stream === gap.stream);
        const bytes = own.reduce((sum, { content }) => sum + content.length, 0);
        expect(gap).toEqual({
          kind: 'gap',
          stream: gap.stream,
          afterOrdinal: -1n,
          rows: BigInt(own.length),
          bytes: BigInt(bytes),
          reason: expect.stringMatching(/^rotated away: the files up to std(out|err)\.log\.\d+\.gz$/),
        });
      }
      expect((await opened.store.getJobInfo(JOB)).gaps).toBe(2);
      const tail = await collect(opened.store.readLogs({ jobId: JOB, tail: 3 }));
      expect(contents(tail.rows)).toEqual(all(written.length - 3));
      const page = await collect(opened.store.readLogs({ jobId: JOB, offset: 5, limit: 4 }));
      expect(contents(page.rows)).toEqual(contents(rows.slice(5, 9)));
    };
    await check();
    expect(events.filter(({ type }) => type === 'rotated-away').length).toBe(1);
    const figures = opened.engine.figures();
    expect(Number(figures.lostRows)).toBeGreaterThan(0);
    expect((await names()).filter((name) => /\.[1-9]\d*\.gz$/.test(name)).length).toBe(4);
    await opened.store.close();
    opened = await open({ rotation });
    await check();
    await write(opened, 5, [1, 2]);
    await check();
    await opened.store.close();
    // One whose removal a crash has prevented.
    const gone = join(base, 'logs', JOB, 'stdout.log.1.gz');
    await cp(join(base, 'logs', JOB, 'stdout.log.gz'), gone);
    expect(await verified()).toEqual({ problems: [], orphans: [gone] });
    expect(await verified(true)).toEqual({ problems: [], orphans: [gone] });
    expect(await verified()).toEqual({ problems: [], orphans: [] });
    await rm(join(base, '.joblet'), { recursive: true });
    opened = await open({ rotation });
    await check();
    await opened.store.close();
  });

  it('leaves the job whole wherever a crash comes', async () => {
    const rotation = { logs: { maxBytes: 4_000, maxFiles: 0 } };
    const opened = await open({ rotation });
    await write(opened, 2);
    await opened.engine.checkpoint();
    const index = join(directory.path, 'index');
    await cp(join(base, JOB_INDEX_FILE), index);
    const copies: { path: string; rows: number }[] = [];
    for (let step = 0; step < 12; step++) {
      await write(opened, 1);
      await opened.engine.settled();
      const path = join(directory.path, `copy-${step}`);
      await cp(base, path, { recursive: true, filter: (name) => !name.endsWith('.sock') });
      copies.push({ path, rows: written.length });
    }
    await opened.store.close();
    const total = written;
    for (const [number, copy] of copies.entries()) {
      base = copy.path;
      written = total.slice(0, copy.rows);
      // The job index is of before.
      await cp(index, join(base, JOB_INDEX_FILE));
      const live = join(base, 'logs', JOB, 'stdout.log.gz');
      // The file was put aside, and nothing came after it.
      if (number % 3 === 1) {
        const next = (await names()).length;
        await cp(live, join(base, 'logs', JOB, `stdout.log.${next}.gz`));
        await rm(live);
      }
      const crashed = await open({ rotation });
      const { rows, gaps } = await collect(crashed.store.readLogs({ jobId: JOB }));
      expect({ rows: contents(rows), gaps, number }).toEqual({ rows: all(), gaps: [], number });
      await write(crashed, 8);
      expect(contents((await collect(crashed.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
      await crashed.store.close();
      const again = await open({ rotation });
      expect(contents((await collect(again.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
      await again.store.close();
    }
  });

  it('compresses plain files once they are put aside, and a crash in the middle leaves each row once', async () => {
    const rotation = { logs: { maxBytes: 10_000, maxFiles: 0, compress: true } };
    const plain = { rotation, compression: false };
    let opened = await open(plain);
    await write(opened, 20);
    const folder = join(base, 'logs', JOB);
    const before = await readFile(join(folder, 'stdout.log.1'));
    await opened.engine.rewriteEnded();
    const rotated = (await readdir(folder)).filter(
      (name) => /\.log\.\d+/.test(name) && !/idx|flt/.test(name),
    );
    expect(rotated.length).toBeGreaterThan(4);
    expect(rotated.every((name) => /^stdout\.log\.\d+\.gz$/.test(name))).toBe(true);
    expect(opened.engine.figures().filesRewritten).toBe(rotated.length);
    expect(await readdir(folder)).toContain('stdout.log');
    const info = await opened.store.getJobInfo(JOB);
    expect(contents((await collect(opened.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
    await write(opened, 1);
    await opened.engine.rewriteEnded();
    await opened.store.close();
    const lines = execFileSync('sh', ['-c', 'gzip -dc stdout.log.1.gz | wc -l'], { cwd: folder });
    expect(Number(lines)).toBe(before.toString().split('\n').length - 1);
    await writeFile(join(folder, 'stdout.log.1'), before);
    await writeFile(join(folder, '.stdout.log.2.gz.new'), 'half of it');
    opened = await open(plain);
    expect(contents((await collect(opened.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
    const after = await opened.store.getJobInfo(JOB);
    expect([after.stdout.rows, after.gaps]).toEqual([info.stdout.rows + 20n, 0]);
    expect(await readdir(folder)).not.toContain('stdout.log.1');
    await opened.store.close();
    expect(await verified()).toEqual({ problems: [], orphans: [] });
  });

  it('leaves a plain file as it is that has more than rows of this store', async () => {
    const rotation = { logs: { maxBytes: 4_000, maxFiles: 0, compress: true } };
    const opened = await open({ rotation, compression: false });
    await write(opened, 2);
    await opened.store.close();
    const path = join(base, 'logs', JOB, 'stdout.log');
    await appendFile(path, 'somebody was here\n');
    const again = await open({ rotation, compression: false });
    await write(again, 6);
    const { rows } = await collect(again.store.readLogs({ jobId: JOB }));
    expect(contents(rows)).toEqual(all());
    await again.engine.rewriteEnded();
    const entries = await readdir(join(base, 'logs', JOB));
    const kept = entries.filter((name) => /^stdout\.log\.\d+$/.test(name));
    expect(kept.length).toBe(1);
    expect(await readFile(join(base, 'logs', JOB, kept[0]), 'utf8')).toContain('somebody was here\n');
    expect(contents((await collect(again.store.readLogs({ jobId: JOB }))).rows)).toEqual(all());
    await again.store.close();
  });

  it('loses no row but those of the oldest files, whatever the sizes and times', async () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ rows: fc.integer({ min: 1, max: 12 }), size: fc.nat(900) }) },
      { weight: 2, arbitrary: fc.constantFrom('reopen' as const, 'kill' as const, 'end' as const) },
      { weight: 1, arbitrary: fc.record({ expireBefore: fc.nat(40) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 300, max: 3_000 }),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        fc.array(step, { minLength: 5, maxLength: 25 }),
        async (maxBytes, maxFiles, compression, steps) => {
          await rm(base, { recursive: true, force: true });
          await mkdir(base);
          let now = 1_000;
          let copies = 0;
          const options = {
            rotation: { logs: { maxBytes, maxFiles, compress: true } },
            compression,
            sync: 'never' as const,
            now: () => now,
          };
          let opened = await open(options);
          const rows: { text: string; stream: number; arrival: number }[] = [];
          // What may be gone by retention.
          let limit = 0;
          try {
            for (const todo of steps) {
              now += 1_000;
              if (typeof todo === 'object' && 'rows' in todo) {
                const batch = Array.from({ length: todo.rows }, (_, row) => ({
                  text: `${rows.length + row} ${noise(rows.length + row, todo.size)}`,
                  stream: 1 + ((rows.length + row) % 2),
                  arrival: now,
                }));
                rows.push(...batch);
                await opened.store.writeLogs(
                  LogBatch.from(
                    batch.map(({ text, stream }) => ({
                      jobId: JOB,
                      stream,
                      timestamp: BigInt(now) * 1_000_000n,
                      content: Buffer.from(text),
                    })),
                  ),
                );
                await opened.engine.sealAll();
              } else if (typeof todo === 'object') {
                const before = now - todo.expireBefore * 1_000;
                // All of it would go, and the job be begun anew.
                if (rows.length === 0 || rows[rows.length - 1].arrival < before) continue;
                limit = Math.max(limit, before);
                await opened.store.cleanup({ logsBefore: BigInt(before) * 1_000_000n });
              } else if (todo === 'end') {
                if (rows.length > 0) await opened.store.endJob(JOB, { time: 1n });
                await opened.engine.rewriteEnded();
              } else {
                if (todo === 'kill') {
                  await opened.engine.settled();
                  const copy = join(directory.path, `kill-${copies++}`);
                  await rm(copy, { recursive: true, force: true });
                  await cp(base, copy, { recursive: true, filter: (name) => !name.endsWith('.sock') });
                  await opened.store.close();
                  await rm(base, { recursive: true });
                  await cp(copy, base, { recursive: true });
                } else await opened.store.close();
                opened = await open(options);
              }
              if (rows.length === 0) continue;
              const found = await collect(opened.store.readLogs({ jobId: JOB }));
              const kept = new Set(found.rows.map(({ ordinal }) => Number(ordinal)));
              expect(contents(found.rows)).toEqual(
                rows.filter((_, row) => kept.has(row)).map(({ text }) => text),
              );
              const lost = rows.filter((_, row) => !kept.has(row));
              const told = found.gaps.reduce((sum, gap) => sum + (gap.rows ?? 0n), 0n);
              expect(told).toBe(BigInt(lost.length));
              if (maxFiles === 0) expect(lost.every(({ arrival }) => arrival < limit)).toBe(true);
              for (const stream of [1, 2]) {
                const own = rows
                  .map((row, index) => ({ ...row, index }))
                  .filter((row) => row.stream === stream);
                const first = own.findIndex(({ index }) => kept.has(index));
                // What is gone of a stream is its beginning.
                if (first >= 0) expect(own.slice(first).every(({ index }) => kept.has(index))).toBe(true);
              }
              const info = await opened.store.getJobInfo(JOB);
              expect(info.stdout.rows + info.stderr.rows).toBe(BigInt(kept.size));
            }
          } finally {
            await opened.store.close();
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);

  it('rotates metrics too', async () => {
    const opened = await open({ rotation: { metrics: { maxBytes: 2_000, maxFiles: 1 } } });
    for (let block = 0; block < 30; block++) {
      const rows = Array.from({ length: 10 }, (_, row) => ({
        jobId: JOB,
        timestamp: BigInt(block * 10 + row + 1),
        sequence: 0n,
        data: { cpuUsage: Math.sin(block * 10 + row), memoryUsage: BigInt(row), gpuUsage: 0 },
      }));
      await opened.store.writeMetrics(MetricBatch.from(rows));
      await opened.engine.sealAll();
    }
    const { rows, gaps } = await collect(opened.store.readMetrics({ jobId: JOB }));
    expect(gaps.map(({ rows }) => rows)).toEqual([BigInt(300 - rows.length)]);
    expect(rows.at(-1)?.timestamp).toBe(300n);
    expect(rows.length).toBeLessThan(200);
    await opened.store.close();
  });
});
