import { statSync } from 'node:fs';
import {
  compareJobs,
  matchesJobList,
  selectLogs,
  selectMetrics,
  StorageError,
  type Gap,
  type JobInfo,
  type JobListQuery,
  type LogBatch,
  type LogQuery,
  type MetricBatch,
  type MetricQuery,
  type ReadOptions,
  type RowQuery,
} from '@joblet/storage';
import { closeAll } from './close-all.js';
import { errorCode, toStorageError } from '../errors.js';
import { ItemReader } from './item-reader.js';
import type { JobFile, Layout } from '../format/layout.js';
import { WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import type { WantsMember } from './member.js';
import { mergeRows, type MergeEnd } from './merge-rows.js';
import { LOGS, METRICS, type RowKind, type StoredRow } from './row-kind.js';
import { RowSource } from './row-source.js';
import { JobSnapshot } from './job-snapshot.js';
import { checkpointOf, type Checkpoint } from './turns.js';
import type { Visibility } from '../write/visibility.js';

/** Told when a file has rows that name another job than their directory does. */
export type OnForeignJobId = (jobId: string, rows: number) => void;

/** What keeps one job from being read, not the whole store. */
const UNREADABLE = new Set(['EACCES', 'EPERM', 'EIO']);

/** What is known of the rows of one kind when all have been looked at. */
interface Survey {
  /** That the job's next row gets. */
  readonly nextOrdinal: bigint;
  /** By stream. */
  readonly totals: ReadonlyMap<number, Totals>;
  readonly gaps: number;
}

type Totals = RowSource<StoredRow>['totals'];

export class Reader {
  private readonly layout: Layout;
  private readonly visibility: Visibility;
  private readonly onForeignJobId: OnForeignJobId;
  private closed = false;

  constructor(layout: Layout, visibility: Visibility, onForeignJobId: OnForeignJobId) {
    this.layout = layout;
    this.visibility = visibility;
    this.onForeignJobId = onForeignJobId;
  }

  /** Reads under way end with CLOSED at their next step. */
  close(): void {
    this.closed = true;
  }

  readLogs(query: LogQuery, options: ReadOptions): AsyncGenerator<LogBatch | Gap> {
    return this.read(query, options, LOGS, 'logs', (scan) => selectLogs(query, scan, options));
  }

  readMetrics(query: MetricQuery, options: ReadOptions): AsyncGenerator<MetricBatch | Gap> {
    return this.read(query, options, METRICS, 'metrics', (scan) => selectMetrics(query, scan, options));
  }

  /** Whether anything is known of the job: a row, or at least a directory. */
  exists(jobId: string): boolean {
    if (this.visibility.isBeingDeleted(jobId)) return false;
    const isThere = this.layout.directories(jobId).some(isDirectory);
    if (!isThere || !this.visibility.isBeingWritten(jobId)) return isThere;
    // A write that has not ended may have made the directories: then only rows from before count.
    return this.layout
      .paths(jobId)
      .some((path) => (this.visibility.visibleLength(path) ?? fileSize(path)) > 0);
  }

  async nextOrdinal(area: JobFile['area'], jobId: string): Promise<bigint> {
    const files = JobSnapshot.openSync(this.layout, this.visibility, jobId, [area]);
    try {
      return (await this.survey(area, files, this.untilClosed())).nextOrdinal;
    } finally {
      await files.close();
    }
  }

  async *listJobs(query: JobListQuery): AsyncGenerator<JobInfo> {
    const { prefix = '', afterJobId = '' } = query;
    const jobIds = await this.layout.jobIds();
    const found: JobInfo[] = [];
    for (const jobId of jobIds) {
      if (!jobId.startsWith(prefix) || jobId <= afterJobId) continue;
      const job = await this.jobInfo(jobId).catch((error: unknown) => ifListed(jobId, error));
      if (!job || !matchesJobList(job, query)) continue;
      if (query.sort === 'newest') found.push(job);
      else yield job;
    }
    yield* found.sort(compareJobs(query.sort));
  }

  async jobInfo(jobId: string): Promise<JobInfo> {
    this.throwIfClosed();
    const files = this.snapshot(jobId, ['logs', 'metrics']);
    try {
      const logs = await this.survey('logs', files, this.untilClosed());
      const metrics = await this.survey('metrics', files, this.untilClosed());
      const all = [...logs.totals.values(), ...metrics.totals.values()].filter(({ rows }) => rows > 0n);
      const min = (a: bigint, b: bigint) => (a < b ? a : b);
      const max = (a: bigint, b: bigint) => (a > b ? a : b);
      return {
        jobId,
        firstTime: all.length > 0 ? all.map(({ timeMin }) => timeMin).reduce(min) : 0n,
        lastTime: all.length > 0 ? all.map(({ timeMax }) => timeMax).reduce(max) : 0n,
        stdout: rowStats(logs.totals.get(1)),
        stderr: rowStats(logs.totals.get(2)),
        metrics: rowStats(metrics.totals.get(0)),
        sizeBytes: BigInt(files.sizeBytes),
        gaps: logs.gaps + metrics.gaps,
      };
    } finally {
      await files.close();
    }
  }

  /** Reads one snapshot of the job's files, however often `select` scans them. */
  private async *read<Row extends StoredRow, Batch>(
    query: LogQuery,
    { signal }: ReadOptions,
    kind: RowKind<Row, Batch>,
    area: JobFile['area'],
    select: (scan: () => AsyncIterable<Batch | Gap>) => AsyncIterable<Batch | Gap>,
  ): AsyncGenerator<Batch | Gap> {
    const checkpoint = checkpointOf(() => {
      if (signal?.aborted) throw StorageError.aborted(signal);
      this.throwIfClosed();
    });
    let files: JobSnapshot | undefined;
    let wants = wantsOf(query);
    const scan = async function* (this: Reader): AsyncGenerator<Batch | Gap> {
      await checkpoint();
      if (!files) {
        files = this.snapshot(query.jobId, [area]);
        if (isPlainTail(query)) wants = await this.tailOf(area, files, query.tail, checkpoint);
      }
      yield* this.rows(kind, area, files, wants, checkpoint);
    }.bind(this);
    try {
      yield* select(scan);
    } finally {
      await files?.close();
    }
  }

  /**
   * The members that have the last rows, by the ordinals in their headers; all, when some ordinals are missing, or
   * when a member turns out to have fewer rows than its header says.
   */
  private async tailOf(
    area: JobFile['area'],
    files: JobSnapshot,
    tail: number,
    checkpoint: Checkpoint,
  ): Promise<WantsMember> {
    const { nextOrdinal, totals, gaps } = await this.survey(area, files, checkpoint);
    const rows = [...totals.values()].reduce((sum, ofStream) => sum + ofStream.rows, 0n);
    if (gaps > 0 || rows !== nextOrdinal) return everyMember;
    const first = nextOrdinal - BigInt(tail);
    const wants: WantsMember = ({ ordinals }) => ordinals[ordinals.length - 1] >= first;
    const read = await this.survey(area, files, checkpoint, wants);
    return read.gaps > 0 ? everyMember : wants;
  }

  /** JOB_NOT_FOUND when nothing is known of the job. In one turn: no write and no delete comes between. */
  private snapshot(jobId: string, areas: readonly JobFile['area'][]): JobSnapshot {
    try {
      if (!this.exists(jobId)) throw StorageError.jobNotFound(jobId);
      return JobSnapshot.openSync(this.layout, this.visibility, jobId, areas);
    } catch (error) {
      throw toStorageError(error, `reading job ${jobId}`);
    }
  }

  private async *rows<Row extends StoredRow, Batch>(
    kind: RowKind<Row, Batch>,
    area: JobFile['area'],
    files: JobSnapshot,
    wanted: WantsMember,
    checkpoint: Checkpoint,
  ): AsyncGenerator<Batch | Gap, MergeEnd & Pick<Survey, 'totals'>> {
    const { jobId } = files;
    const sources: RowSource<Row>[] = [];
    try {
      const plan = await files.plan(area, checkpoint);
      // Which of two rows with one ordinal counts is known only when both are read.
      const wants = plan.hasClash ? everyMember : wanted;
      for (const source of plan.sources) {
        const { file, items, stream, isSlotted = false } = source;
        const scan = { wants, wholeTextBytesMax: WHOLE_TEXT_BYTES_MAX, checkpoint };
        const options = { jobId, stream, path: file.path, checkpoint };
        const reader = new ItemReader(file, items, scan);
        const late = new ItemReader(file, reader.putOff, scan);
        const lateSource = isSlotted ? new RowSource(kind, late, options) : undefined;
        sources.push(new RowSource(kind, reader, { ...options, late: lateSource }));
        if (lateSource) sources.push(lateSource);
      }
      yield* files.gaps(area);
      const end = yield* mergeRows(kind, jobId, sources);
      return { ...end, totals: totalsByStream(sources) };
    } catch (error) {
      throw toStorageError(error, `reading job ${jobId}`);
    } finally {
      await closeAll(sources);
      const foreign = sources.reduce((sum, { foreignJobIds }) => sum + foreignJobIds, 0);
      if (foreign > 0) this.onForeignJobId(jobId, foreign);
    }
  }

  /** All that is known of a job's rows without giving one of them out; more of it when members are wanted. */
  private async survey(
    area: JobFile['area'],
    files: JobSnapshot,
    checkpoint: Checkpoint,
    wants: WantsMember = () => false,
  ): Promise<Survey> {
    const kind: RowKind<StoredRow, unknown> = area === 'logs' ? LOGS : METRICS;
    const rows = this.rows(kind, area, files, wants, checkpoint);
    for (let gaps = 0; ;) {
      const step = await rows.next();
      if (!step.done) {
        if (isGap(step.value)) gaps++;
        continue;
      }
      const { leftOut, ...known } = step.value;
      // Rows that were stepped over are counted too: only reading tells which of them are given.
      if (leftOut === 0n || wants === everyMember) return { ...known, gaps };
      return this.survey(area, files, checkpoint, everyMember);
    }
  }

  private untilClosed(): Checkpoint {
    return checkpointOf(() => this.throwIfClosed());
  }

  private throwIfClosed(): void {
    if (this.closed) throw StorageError.closed();
  }
}

/**
 * A job that is gone by the time it is looked at is none. One whose files cannot be read is listed with nothing but a
 * gap: it must not hide all others. Other errors stay errors.
 */
function ifListed(jobId: string, error: unknown): JobInfo | undefined {
  if (!(error instanceof StorageError)) throw error;
  if (error.code === 'JOB_NOT_FOUND') return undefined;
  if (!UNREADABLE.has(errorCode(error.cause) ?? '')) throw error;
  const none = { rows: 0n, bytes: 0n };
  return {
    jobId,
    firstTime: 0n,
    lastTime: 0n,
    stdout: none,
    stderr: none,
    metrics: none,
    sizeBytes: 0n,
    gaps: 1,
  };
}

/** Whether the query wants the last rows of the job, whatever they are. */
function isPlainTail(query: LogQuery): query is LogQuery & { tail: number } {
  const { tail, stream = 0, filter, startTime, endTime, afterOrdinal } = query;
  const conditions = [filter, startTime, endTime, afterOrdinal];
  return tail !== undefined && stream === 0 && conditions.every((condition) => condition === undefined);
}

function wantsOf({ startTime, endTime, afterOrdinal }: RowQuery): WantsMember {
  return ({ timeMin, timeMax, ordinals }) => {
    if (startTime !== undefined && timeMax < startTime) return false;
    if (endTime !== undefined && timeMin > endTime) return false;
    return afterOrdinal === undefined || ordinals[ordinals.length - 1] > afterOrdinal;
  };
}

function everyMember(): boolean {
  return true;
}

function totalsByStream(sources: readonly RowSource<StoredRow>[]): Map<number, Totals> {
  const byStream = new Map<number, Totals>();
  for (const { options, totals } of sources) {
    const before = byStream.get(options.stream);
    if (totals.rows === 0n) continue;
    byStream.set(options.stream, {
      rows: totals.rows + (before?.rows ?? 0n),
      contentBytes: totals.contentBytes + (before?.contentBytes ?? 0n),
      timeMin: before && before.timeMin < totals.timeMin ? before.timeMin : totals.timeMin,
      timeMax: before && before.timeMax > totals.timeMax ? before.timeMax : totals.timeMax,
    });
  }
  return byStream;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function fileSize(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function rowStats(totals: { rows: bigint; contentBytes: bigint } | undefined) {
  return { rows: totals?.rows ?? 0n, bytes: totals?.contentBytes ?? 0n };
}

function isGap(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'gap';
}
