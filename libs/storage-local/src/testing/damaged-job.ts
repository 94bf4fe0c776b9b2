import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { LogBatch, MetricBatch, type Gap, type LogRow, type LogStore, type MetricRow } from '@joblet/storage';
import { parseHeader, TRAILER_BYTES } from '../format/gzip-member.js';
import { openLocalStore, type LocalStore } from '../index.js';
import { collect, tempDirectory } from './temp-store.js';

/** A whole member of a file, as it was written. */
export interface WrittenMember {
  readonly bytes: Buffer;
  /** As `rowKey` makes them, in the order of the file. */
  readonly rows: readonly string[];
}

/** One file of a job that is going to be damaged, beside its undamaged files. */
export interface Subject {
  readonly kind: 'logs' | 'metrics';
  /** Whether the rows are numbered in the file: their ordinal is then their sequence. */
  readonly isOurs: boolean;
  readonly path: string;
  readonly members: readonly WrittenMember[];
  /** A member of another job, whose ordinals the subject has too. */
  readonly foreign: WrittenMember;
}

export const JOB = 'job';
const OTHER = 'other';
const MTIME = new Date(1_700_000_000_000);

/** What tells a row from every other one that was written. */
export function rowKey(row: LogRow | MetricRow): string {
  const content =
    'content' in row ? Buffer.from(row.content).toString('latin1') : String(row.data?.memoryUsage);
  return `${'stream' in row ? row.stream : 0} ${row.sequence} ${row.timestamp} ${content}`;
}

/** A store with a job whose files are to be damaged: members of ours, in both streams and metrics. */
export class DamagedJob {
  readonly store: LocalStore;
  readonly subjects: readonly Subject[];
  readonly remove: () => Promise<void>;

  private constructor(store: LocalStore, subjects: readonly Subject[], remove: () => Promise<void>) {
    this.store = store;
    this.subjects = subjects;
    this.remove = async () => {
      await store.close();
      await remove();
    };
  }

  static async ofOurs(): Promise<DamagedJob> {
    const { path: directory, remove } = await tempDirectory();
    const store = await openLocalStore({ baseDirectory: directory });
    for (const jobId of [JOB, OTHER]) await writeOurs(store, jobId);
    const subjects: Subject[] = [];
    for (const file of ['logs/*/stdout.log.gz', 'logs/*/stderr.log.gz', 'metrics/*/metrics.jsonl.gz']) {
      const kind = file.startsWith('logs') ? 'logs' : 'metrics';
      const path = join(directory, file.replace('*', JOB));
      const other = await ourMembers(
        join(directory, file.replace('*', OTHER)),
        await rowsOf(store, OTHER, kind),
      );
      const members = await ourMembers(path, await rowsOf(store, JOB, kind));
      subjects.push({ kind, isOurs: true, path, members, foreign: other[1] });
    }
    return new DamagedJob(store, subjects, remove);
  }

  /** Files as the Go service writes them, one of each kind; a batch is a member. */
  static async ofGo(): Promise<DamagedJob> {
    const { path: directory, remove } = await tempDirectory();
    const store = await openLocalStore({ baseDirectory: directory });
    // Writing makes the directories; the files are then replaced.
    for (const jobId of [JOB, OTHER]) await writeOurs(store, jobId);
    const subjects: Subject[] = [];
    const files = ['logs/job/stdout.log.gz', 'logs/job/stderr.log.gz', 'metrics/job/metrics.jsonl.gz'];
    for (const [stream, file] of [
      [1, files[0]],
      [2, files[1]],
      [0, files[2]],
    ] as const) {
      const members = Array.from({ length: 5 }, (_, batch) => goMember(stream, JOB, batch));
      const path = join(directory, file);
      await writeFile(path, Buffer.concat(members.map(({ bytes }) => bytes)));
      const kind = stream === 0 ? 'metrics' : 'logs';
      subjects.push({ kind, isOurs: false, path, members, foreign: goMember(stream, OTHER, 9) });
    }
    return new DamagedJob(store, subjects, remove);
  }

  async read(kind: Subject['kind'], query = {}): Promise<{ rows: (LogRow | MetricRow)[]; gaps: Gap[] }> {
    const { store } = this;
    if (kind === 'logs') return collect(store.readLogs({ jobId: JOB, ...query }));
    return collect(store.readMetrics({ jobId: JOB, ...query }));
  }

  /** Puts the bytes in the subject's place, and checks after `work` that nobody has changed them. */
  async withFile<Result>(subject: Subject, bytes: Buffer, work: () => Promise<Result>): Promise<Result> {
    await writeFile(subject.path, bytes);
    await utimes(subject.path, MTIME, MTIME);
    let result: Result;
    try {
      result = await work();
    } catch (error) {
      await this.restore(subject);
      throw error;
    }
    if (!(await readFile(subject.path)).equals(bytes)) throw new Error('reading has changed the file');
    if ((await stat(subject.path)).mtimeMs !== MTIME.getTime())
      throw new Error('reading has touched the file');
    await this.restore(subject);
    return result;
  }

  private async restore({ path, members }: Subject): Promise<void> {
    await writeFile(path, Buffer.concat(members.map(({ bytes }) => bytes)));
  }
}

async function writeOurs(store: LocalStore, jobId: string): Promise<void> {
  for (let write = 0; write < 5; write++) {
    const logs = Array.from({ length: 5 }, (_, row) => {
      const sequence = BigInt(write * 5 + row);
      const content = Buffer.from(`${jobId} ${sequence} ${'ab'.repeat(row)}\n`);
      return { jobId, stream: row % 3 === 2 ? 2 : 1, timestamp: 1_000n + sequence, sequence, content };
    });
    await store.writeLogs(LogBatch.from(logs));
    await store.flush();
    const metrics = Array.from({ length: 3 }, (_, row) => {
      const sequence = BigInt(write * 3 + row);
      const memoryUsage = sequence * 1_000n + BigInt(jobId.length);
      return {
        jobId,
        timestamp: 1_000n + sequence,
        sequence,
        data: { cpuUsage: 0.5, memoryUsage, gpuUsage: 0 },
      };
    });
    await store.writeMetrics(MetricBatch.from(metrics));
    await store.flush();
  }
}

async function rowsOf(
  store: LogStore,
  jobId: string,
  kind: Subject['kind'],
): Promise<(LogRow | MetricRow)[]> {
  if (kind === 'logs') return (await collect(store.readLogs({ jobId }))).rows;
  return (await collect(store.readMetrics({ jobId }))).rows;
}

/** By the headers of the undamaged file. */
async function ourMembers(path: string, rows: readonly (LogRow | MetricRow)[]): Promise<WrittenMember[]> {
  const file = await readFile(path);
  const byOrdinal = new Map(rows.map((row) => [row.ordinal, rowKey(row)]));
  const members: WrittenMember[] = [];
  for (let pos = 0; pos < file.length;) {
    const { headerBytes, extra } = parseHeader(file.subarray(pos))!;
    const end = pos + headerBytes + extra!.bodyBytes + TRAILER_BYTES;
    members.push({
      bytes: file.subarray(pos, end),
      rows: Array.from(extra!.ordinals, (o) => byOrdinal.get(o)!),
    });
    pos = end;
  }
  return members;
}

/** Three rows; every other batch has none, as the Go service writes for the unused stream. */
function goMember(stream: number, jobId: string, batch: number): WrittenMember {
  const keys: string[] = [];
  const lines = Array.from({ length: batch === 3 ? 0 : 3 }, (_, row) => {
    const sequence = batch * 10 + row * 2 + (stream === 2 ? 1 : 0);
    const timestamp = `17636000000000000${String(sequence).padStart(2, '0')}`;
    if (stream === 0) {
      keys.push(`0 ${sequence} ${timestamp} ${sequence + 7}`);
      return `{"job_id":"${jobId}","timestamp":${timestamp},"sequence":${sequence},"data":{"memory_usage":${sequence + 7}}}\n`;
    }
    const content = `${jobId} ${sequence}\n`;
    keys.push(`${stream} ${sequence} ${timestamp} ${content}`);
    const encoded = Buffer.from(content).toString('base64');
    return `{"job_id":"${jobId}","stream":${stream},"timestamp":${timestamp},"sequence":${sequence},"content":"${encoded}"}\n`;
  });
  const bytes = gzipSync(lines.join(''), { level: 6 });
  bytes[9] = 0xff;
  return { bytes, rows: keys };
}
