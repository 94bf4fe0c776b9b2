import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LogBatch, type LogRow } from '@joblet/storage';
import { openLocalStore, type LocalStoreEvent, type LocalStore } from '../index.js';
import { collect, GO_STORE, goStoreCopy } from '../testing/temp-store.js';

interface ExpectedFile {
  rows: number;
  first: ExpectedRow;
  last: ExpectedRow;
}

interface ExpectedRow {
  stream: number;
  timestamp: number;
  sequence?: number;
  content: string;
}

const expected = JSON.parse(await readFile(join(GO_STORE, 'expected.json'), 'utf8')) as Record<
  string,
  ExpectedFile
>;
const damaged = JSON.parse(await readFile(join(GO_STORE, 'damaged.json'), 'utf8')) as {
  torn2: { cut_member_sequences: number[] };
  hole: { sequences_in_damaged_members: number[] };
};

describe('files that the Go service wrote', () => {
  let store: LocalStore;
  let directory: string;
  let remove: () => Promise<void>;
  const events: LocalStoreEvent[] = [];

  beforeEach(async () => {
    const copy = await goStoreCopy();
    directory = copy.path;
    remove = copy.remove;
    events.length = 0;
    store = await openLocalStore({ baseDirectory: copy.path, onEvent: (event) => events.push(event) });
  });

  afterEach(async () => {
    await store.close();
    await remove();
  });

  it.each(Object.entries(expected))(
    '%s: every row that can be read is there',
    async (name, { rows, first, last }) => {
      const [, jobId, fileName] = name.split('/');
      const stream = fileName.startsWith('stderr') ? 2 : 1;
      const found = await collect(store.readLogs({ jobId, stream }));
      expect(found.rows.length).toBe(rows);
      expect(asExpected(found.rows[0])).toEqual(asExpected(first));
      expect(asExpected(found.rows[rows - 1])).toEqual(asExpected(last));
    },
  );

  it('numbers the rows of both streams by time, then sequence, then stream', async () => {
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'clean' }));
    expect(gaps).toEqual([]);
    expect(rows.map(({ ordinal }) => ordinal)).toEqual(
      Array.from({ length: 300 }, (_, index) => BigInt(index)),
    );
    expect(new Set(rows.map(({ sequence }) => sequence)).size).toBe(300);
    // The Go service reordered the lines when it wrote them: each stream keeps the order of its file.
    const stdout = (await collect(store.readLogs({ jobId: 'clean', stream: 1 }))).rows;
    const stderr = (await collect(store.readLogs({ jobId: 'clean', stream: 2 }))).rows;
    const merged: LogRow[] = [];
    while (stdout.length > 0 || stderr.length > 0) {
      const [a, b] = [stdout[0], stderr[0]];
      const takeStdout =
        !b || (a && (a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.sequence <= b.sequence)));
      merged.push((takeStdout ? stdout : stderr).shift()!);
    }
    expect(rows.map(({ sequence }) => sequence)).toEqual(merged.map(({ sequence }) => sequence));
  });

  it.each([
    ['torn2', new Set(damaged.torn2.cut_member_sequences)],
    ['hole', new Set(damaged.hole.sequences_in_damaged_members)],
  ])('%s: all rows of undamaged members, one gap or more, nothing invented', async (jobId, lost) => {
    const clean = await collect(store.readLogs({ jobId: 'clean', stream: 1 }));
    const { rows, gaps } = await collect(store.readLogs({ jobId, stream: 1 }));
    const bySequence = new Map(clean.rows.map((row) => [row.sequence, row]));
    const found = new Set(rows.map(({ sequence }) => Number(sequence)));
    expect(gaps.length).toBeGreaterThan(0);
    for (const { sequence } of clean.rows)
      if (!lost.has(Number(sequence))) expect(found).toContain(Number(sequence));
    for (const row of rows) {
      const original = bySequence.get(row.sequence)!;
      expect(Buffer.compare(row.content, original.content)).toBe(0);
      expect(row.timestamp).toBe(original.timestamp);
    }
  });

  it('the directory names the job, and the difference is told once', async () => {
    const first = await collect(store.readLogs({ jobId: 'hole' }));
    await collect(store.readLogs({ jobId: 'hole' }));
    expect(new Set(first.rows.map(({ jobId }) => jobId))).toEqual(new Set(['hole']));
    expect(events).toEqual([{ type: 'foreign-job-id', jobId: 'hole', rows: first.rows.length }]);
  });

  it('a member cut short gives its complete rows, and what is behind it is read', async () => {
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'torn', stream: 1 }));
    expect(rows.length).toBe(540);
    expect(gaps).toHaveLength(1);
    expect(gaps[0].reason).toMatch(/a member was cut short: .*torn\/stdout.log.gz, bytes \d+ to \d+/);
  });

  it('the older generation without a trailer is complete', async () => {
    const { rows, gaps } = await collect(store.readLogs({ jobId: 'oldgen' }));
    expect(rows.length).toBe(270);
    expect(gaps).toEqual([]);
  });

  it.each([
    ['clean', 6],
    ['torn', 12],
  ])('metrics of %s are read, their seconds as nanoseconds', async (jobId, count) => {
    const { rows } = await collect(store.readMetrics({ jobId }));
    expect(rows.length).toBe(count);
    for (const { timestamp } of rows) expect(timestamp / 1_000_000_000n / 1_000_000n).toBe(1795n);
    expect(rows[1].data).toEqual({
      cpuUsage: expect.any(Number),
      memoryUsage: 50000n,
      gpuUsage: 0.5,
      diskIo: { readBytes: 50n, writeBytes: 0n, readOps: 0n, writeOps: 0n },
      networkIo: { rxBytes: 50n, txBytes: 0n, rxPackets: 0n, txPackets: 0n },
    });
  });

  it('what is appended goes on behind the last row, and no byte of the old file changes', async () => {
    const path = join(directory, 'logs/torn/stderr.log.gz');
    const before = await readFile(path);
    const content = Buffer.from('after\n');
    await store.writeLogs(LogBatch.from([{ jobId: 'torn', stream: 2, timestamp: 1n, content }]));
    const { rows } = await collect(store.readLogs({ jobId: 'torn' }));
    expect(rows.length).toBe(601);
    expect(rows[600].ordinal).toBe(600n);
    expect(Buffer.from(rows[600].content).toString()).toBe('after\n');
    await store.flush();
    const after = await readFile(path);
    expect(after.length).toBeGreaterThan(before.length);
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
  });

  it('lists them with what they hold', async () => {
    const jobs = [];
    for await (const job of store.listJobs()) jobs.push(job);
    expect(jobs.map(({ jobId }) => jobId)).toEqual(['clean', 'hole', 'oldgen', 'torn', 'torn2']);
    const [clean] = jobs;
    expect(clean).toMatchObject({
      stdout: { rows: 270n },
      stderr: { rows: 30n },
      metrics: { rows: 6n },
      gaps: 0,
    });
    expect(clean.firstTime).toBe(1_763_600_000_000_000_000n);
    expect(clean.sizeBytes).toBe(25_636n + 7_846n + 927n);
  });
});

function asExpected(row: LogRow | ExpectedRow) {
  const content = typeof row.content === 'string' ? row.content : Buffer.from(row.content).toString('base64');
  return {
    stream: row.stream,
    // expected.json has times that a double can hold: whole milliseconds.
    timestamp: Number(row.timestamp),
    sequence: Number(row.sequence ?? 0),
    content,
  };
}
