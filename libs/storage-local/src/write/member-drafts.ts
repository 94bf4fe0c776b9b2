import type { LogBatch, MetricBatch } from '@joblet/storage';
import { LogLineFields, RowEncoder, scanLogLine, StreamType } from '@joblet/wire';
import { METRICS_FILE, STDERR_FILE, STDOUT_FILE } from '../format/file-names.js';
import { MEMBER_ROWS_MAX, MEMBER_TEXT_BYTES_MAX } from '../limits.js';
import type { MemberExtra } from '../format/member-extra.js';

/** A member before it is compressed. */
export interface MemberDraft {
  readonly text: Buffer;
  readonly extra: Omit<MemberExtra, 'bodyBytes'>;
}

/** What a batch adds to one file of a job. */
export interface FileDraft {
  readonly fileName: string;
  readonly members: readonly MemberDraft[];
}

const line = new LogLineFields();

/** Makes members of rows; keeps its buffers from job to job. */
export class MemberDrafts {
  private readonly stdout: DraftBuilder;
  private readonly stderr: DraftBuilder;
  private readonly samples = new DraftBuilder('text');

  constructor(content: 'text' | 'base64') {
    this.stdout = new DraftBuilder(content);
    this.stderr = new DraftBuilder(content);
  }

  /** The rows of one job, numbered from `firstOrdinal` on, for its two files. */
  logs(batch: LogBatch, firstOrdinal: bigint): FileDraft[] {
    for (let row = 0; row < batch.length; row++) {
      const start = batch.start(row);
      const end = batch.end(row);
      scanLogLine(batch.bytes, start, end, line);
      const builder = line.stream === StreamType.STDERR ? this.stderr : this.stdout;
      const slot = builder.begin(batch, row, firstOrdinal + BigInt(row), line.contentEnd - line.contentStart);
      builder.encoder.logRow(slot, batch.bytes, start, end);
    }
    return [
      { fileName: STDOUT_FILE, members: this.stdout.finish() },
      { fileName: STDERR_FILE, members: this.stderr.finish() },
    ].filter(({ members }) => members.length > 0);
  }

  /** As `logs`, for the one file of a job's metrics. */
  metrics(batch: MetricBatch, firstOrdinal: bigint): FileDraft[] {
    for (let row = 0; row < batch.length; row++) {
      const slot = this.samples.begin(batch, row, firstOrdinal + BigInt(row), 0);
      this.samples.encoder.metricRow(slot, batch.bytes, batch.start(row), batch.end(row));
    }
    return [{ fileName: METRICS_FILE, members: this.samples.finish() }];
  }
}

/** Collects the rows of one file into members of bounded size. */
class DraftBuilder {
  readonly encoder: RowEncoder;
  private members: MemberDraft[] = [];
  private ordinals: bigint[] = [];
  private contentBytes = 0n;
  private timeMin = 0n;
  private timeMax = 0n;

  constructor(content: 'text' | 'base64') {
    this.encoder = new RowEncoder({ content });
  }

  /** Makes room for the row and notes it; the caller then gives it to `encoder`. */
  begin(
    batch: LogBatch | MetricBatch,
    row: number,
    ordinal: bigint,
    contentBytes: number,
  ): { jobId: string; timestamp: bigint } {
    const full = this.encoder.byteLength + (batch.end(row) - batch.start(row)) > MEMBER_TEXT_BYTES_MAX;
    if (full || this.ordinals.length >= MEMBER_ROWS_MAX) this.seal();
    const timestamp = batch.timestamp(row);
    if (this.ordinals.length === 0 || timestamp < this.timeMin) this.timeMin = timestamp;
    if (this.ordinals.length === 0 || timestamp > this.timeMax) this.timeMax = timestamp;
    this.ordinals.push(ordinal);
    this.contentBytes += BigInt(contentBytes);
    return { jobId: batch.jobId(row), timestamp };
  }

  finish(): MemberDraft[] {
    this.seal();
    const { members } = this;
    this.members = [];
    return members;
  }

  private seal(): void {
    if (this.ordinals.length === 0) return;
    const { contentBytes, timeMin, timeMax } = this;
    const ordinals = BigUint64Array.from(this.ordinals);
    this.members.push({ text: this.encoder.take(), extra: { contentBytes, timeMin, timeMax, ordinals } });
    this.ordinals = [];
    this.contentBytes = 0n;
  }
}
