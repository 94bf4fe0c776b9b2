import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LogBatch, type Gap, type LogQuery, type LogRow, type NewLogRow } from '@joblet/storage';
import { RowEncoder } from '@joblet/wire';
import { encodeMember } from '../format/gzip-member.js';
import type { AreaView, PendingRows, StoreView, ViewedFile } from '../read/area-view.js';

/** Where rows are, in the order of their ordinals: in a file of each stream, member by member, or nowhere yet. */
export interface Piece {
  readonly rows: readonly NewLogRow[];
  /** Rotated files first; absent: pending. */
  readonly file?: number;
}

/** The logs of one job in files that were written by hand, and what a reader is told of them. */
export class ViewedJob implements StoreView {
  readonly files: ViewedFile[] = [];
  readonly pending: PendingRows[] = [];
  released = 0;
  views = 0;

  private constructor(
    readonly jobId: string,
    readonly batch: LogBatch,
  ) {}

  static async make(
    directory: string,
    jobId: string,
    pieces: readonly Piece[],
    firstOrdinal = 0n,
  ): Promise<ViewedJob> {
    const rows = pieces.flatMap((piece) => piece.rows).map((row) => ({ ...row, jobId }));
    const job = new ViewedJob(jobId, LogBatch.from(rows).numbered(firstOrdinal));
    await mkdir(directory, { recursive: true });
    let first = 0;
    for (const { rows, file } of pieces) {
      const numbers = rows.map((_, index) => first + index);
      first += rows.length;
      if (file === undefined) job.addPending(numbers);
      else for (const stream of [1, 2]) await job.append(directory, stream, file, numbers);
    }
    return job;
  }

  view(jobId: string): { logs: AreaView; metrics: undefined } | undefined {
    if (jobId !== this.jobId) return undefined;
    this.views++;
    const files = [...this.files].sort((a, b) => (a.path < b.path ? -1 : 1));
    return {
      logs: { files, pending: this.pending, release: () => void this.released++ },
      metrics: undefined,
    };
  }

  private addPending(numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    const batch = this.batch.pick(numbers);
    const times = numbers.map((row) => this.batch.timestamp(row));
    this.pending.push({
      firstOrdinal: this.batch.ordinal(numbers[0])!,
      lastOrdinal: this.batch.ordinal(numbers[numbers.length - 1])!,
      timeMin: times.reduce((a, b) => (a < b ? a : b)),
      timeMax: times.reduce((a, b) => (a > b ? a : b)),
      rows: numbers.length,
      load: () => Promise.resolve(batch),
    });
  }

  private async append(
    directory: string,
    stream: number,
    file: number,
    numbers: readonly number[],
  ): Promise<void> {
    const { batch } = this;
    const ofStream = numbers.filter((row) => (batch.stream(row) === 2 ? 2 : 1) === stream);
    if (ofStream.length === 0) return;
    const path = join(directory, `stream-${stream}.${String(file).padStart(3, '0')}`);
    if (!this.files.some((viewed) => viewed.path === path)) {
      this.files.push({ path, stream, length: undefined });
    }
    const encoder = new RowEncoder();
    for (const row of ofStream) {
      const slot = { jobId: this.jobId, timestamp: batch.timestamp(row) };
      encoder.logRow(slot, batch.bytes, batch.start(row), batch.end(row));
    }
    const times = ofStream.map((row) => batch.timestamp(row));
    const extra = {
      contentBytes: BigInt(ofStream.reduce((sum, row) => sum + batch.row(row).content.length, 0)),
      timeMin: times.reduce((a, b) => (a < b ? a : b)),
      timeMax: times.reduce((a, b) => (a > b ? a : b)),
      ordinals: BigUint64Array.from(ofStream, (row) => batch.ordinal(row)!),
    };
    await appendFile(path, await encodeMember(encoder.take(), extra, 3));
  }
}

/** What a read gives, without what only tells how it was put together. */
export async function answer(items: AsyncIterable<LogBatch | Gap>): Promise<string[]> {
  const found: string[] = [];
  for await (const item of items) {
    if (item.kind === 'gap') {
      const { stream, afterOrdinal, rows, reason } = item;
      found.push(`gap ${stream} ${afterOrdinal} ${rows} ${reason.replace(/: .*/, '')}`);
    } else for (const row of item) found.push(rowText(row));
  }
  return found;
}

function rowText({ jobId, ordinal, stream, timestamp, sequence, content }: LogRow): string {
  return `${jobId} ${ordinal} ${stream} ${timestamp} ${sequence} ${Buffer.from(content).toString('latin1')}`;
}

export function describeQuery(query: LogQuery): string {
  return JSON.stringify(query, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
}
