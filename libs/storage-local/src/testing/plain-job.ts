import { readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LogBatch, type Gap, type LogQuery, type LogRow, type NewLogRow } from '@joblet/storage';
import { openLocalStore, type LocalStore } from '../index.js';
import { collect, tempDirectory } from './temp-store.js';

export const PLAIN_JOB = 'job';
const MTIME = new Date(1_700_000_000_000);

/** Row `index` of the job: content that grows with it, so that an exchanged row is seen; each third goes to stderr. */
export function plainRow(index: number): NewLogRow {
  return {
    jobId: PLAIN_JOB,
    stream: index % 3 === 2 ? 2 : 1,
    timestamp: BigInt(1000 + index),
    sequence: BigInt(index),
    content: Buffer.from(`row ${index} ${'ä"b\\'.repeat(index % 7)}\n`),
  };
}

/** A job in plain files, in blocks of a few rows, whose stdout a test damages. */
export class PlainJob {
  private constructor(
    readonly directory: string,
    readonly store: LocalStore,
    readonly rows: number,
    readonly path: string,
    readonly whole: Buffer,
    private readonly remove: () => Promise<void>,
  ) {}

  static async make(batches: number, rowsPerBatch: number): Promise<PlainJob> {
    const { path: directory, remove } = await tempDirectory();
    const store = await openLocalStore({ baseDirectory: directory, compression: false });
    for (let batch = 0; batch < batches; batch++) {
      const numbers = Array.from({ length: rowsPerBatch }, (_, row) => batch * rowsPerBatch + row);
      await store.writeLogs(LogBatch.from(numbers.map(plainRow)));
      await store.flush();
    }
    const path = join(directory, 'logs', PLAIN_JOB, 'stdout.log');
    return new PlainJob(directory, store, batches * rowsPerBatch, path, await readFile(path), remove);
  }

  /** Where each line of the whole file begins, and the end of the last. */
  get lineStarts(): number[] {
    const starts = [0];
    for (let at = this.whole.indexOf('\n'); at >= 0; at = this.whole.indexOf('\n', at + 1))
      starts.push(at + 1);
    return starts;
  }

  /** The file's time stays: only its bytes tell that it was changed. */
  async damage(bytes: Buffer): Promise<void> {
    await writeFile(this.path, bytes);
    await utimes(this.path, MTIME, MTIME);
  }

  read(query: Partial<LogQuery> = {}): Promise<{ rows: LogRow[]; gaps: Gap[] }> {
    return collect(this.store.readLogs({ jobId: PLAIN_JOB, ...query }));
  }

  async close(): Promise<void> {
    await this.store.close();
    await this.remove();
  }
}

/** What can be compared. */
export function rowOf({ ordinal, stream, timestamp, sequence, content }: LogRow): string {
  return `${ordinal} ${stream} ${timestamp} ${sequence} ${Buffer.from(content).toString('latin1')}`;
}

/** As `rowOf` gives it for the row as it was written. */
export function writtenRow(index: number): string {
  const { jobId, stream, timestamp, sequence = 0n, content } = plainRow(index);
  return rowOf({ jobId, stream, timestamp, sequence, content, ordinal: BigInt(index) } as LogRow);
}
