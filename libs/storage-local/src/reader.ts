import { existsSync, statSync } from 'node:fs';
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
import { isMissing, toStorageError } from './errors.js';
import { FileSnapshot } from './file-snapshot.js';
import { FILES, type JobFile, type Layout } from './layout.js';
import type { WantsMember } from './member-scanner.js';
import { mergeRows } from './merge-rows.js';
import { LOGS, METRICS, type RowKind, type StoredRow } from './row-kind.js';
import { RowSource } from './row-source.js';
import type { Visibility } from './visibility.js';

/** A file of a job as long as readers may see it. */
interface VisibleFile {
  readonly path: string;
  readonly stream: number;
  readonly length: number;
}

/** Told when a file has rows that name another job than their directory does. */
export type OnForeignJobId = (jobId: string, rows: number) => void;

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

  readLogs(query: LogQuery, options: ReadOptions): AsyncIterable<LogBatch | Gap> {
    return selectLogs(query, () => this.scan(LOGS, 'logs', query, options.signal), options);
  }

  readMetrics(query: MetricQuery, options: ReadOptions): AsyncIterable<MetricBatch | Gap> {
    return selectMetrics(query, () => this.scan(METRICS, 'metrics', query, options.signal), options);
  }

  /** Whether anything is known of the job: a row, or at least a directory. */
  exists(jobId: string): boolean {
    if (this.visibility.isBeingDeleted(jobId)) return false;
    if (this.visibleFiles('logs', jobId).length > 0 || this.visibleFiles('metrics', jobId).length > 0)
      return true;
    return (
      !this.visibility.isBeingWritten(jobId) &&
      this.layout.directories(jobId).some((path) => existsSync(path))
    );
  }

  async nextOrdinal(area: JobFile['area'], jobId: string): Promise<bigint> {
    const files = this.visibleFiles(area, jobId);
    if (files.length === 0) return 0n;
    return (await this.survey(area, jobId, files)).nextOrdinal;
  }

  async *listJobs(query: JobListQuery): AsyncGenerator<JobInfo> {
    const { prefix = '' } = query;
    const jobIds = (await this.layout.jobIds()).filter((jobId) => jobId.startsWith(prefix));
    const found: JobInfo[] = [];
    for (const jobId of jobIds) {
      this.throwIfClosed();
      const job = await this.jobInfo(jobId).catch(ifKnown);
      if (!job || !matchesJobList(job, query)) continue;
      if (query.sort === 'newest') found.push(job);
      else yield job;
    }
    yield* found.sort(compareJobs(query.sort));
  }

  async jobInfo(jobId: string): Promise<JobInfo> {
    this.throwIfClosed();
    if (!this.exists(jobId)) throw StorageError.jobNotFound(jobId);
    const logFiles = this.visibleFiles('logs', jobId);
    const metricFiles = this.visibleFiles('metrics', jobId);
    const logs = await this.survey('logs', jobId, logFiles);
    const metrics = await this.survey('metrics', jobId, metricFiles);
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
      sizeBytes: BigInt([...logFiles, ...metricFiles].reduce((sum, { length }) => sum + length, 0)),
      gaps: logs.gaps + metrics.gaps,
    };
  }

  private async *scan<Row extends StoredRow, Batch>(
    kind: RowKind<Row, Batch>,
    area: JobFile['area'],
    query: RowQuery,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Batch | Gap> {
    const checkpoint = (): void => {
      if (signal?.aborted) throw StorageError.aborted(signal);
      this.throwIfClosed();
    };
    checkpoint();
    const { jobId } = query;
    if (!this.exists(jobId)) throw StorageError.jobNotFound(jobId);
    const wants = wantsOf(query);
    const files = this.visibleFiles(area, jobId);
    const sources: RowSource<Row>[] = [];
    try {
      await this.openSources(sources, kind, jobId, files, wants, checkpoint);
      yield* mergeRows(kind, jobId, sources);
    } catch (error) {
      throw readError(error, jobId);
    } finally {
      await this.closeSources(sources, jobId);
    }
  }

  /** All that is known of a job's rows without giving one of them out. */
  private async survey(area: JobFile['area'], jobId: string, files: readonly VisibleFile[]) {
    const kind: RowKind<StoredRow, unknown> = area === 'logs' ? LOGS : METRICS;
    const sources: RowSource<StoredRow>[] = [];
    try {
      await this.openSources(
        sources,
        kind,
        jobId,
        files,
        () => false,
        () => this.throwIfClosed(),
      );
      const rows = mergeRows(kind, jobId, sources);
      let gaps = 0;
      for (;;) {
        const step = await rows.next();
        if (step.done) {
          const totals = new Map(sources.map((source) => [source.stream, source.totals]));
          return { nextOrdinal: step.value, gaps, totals };
        }
        if (isGap(step.value)) gaps++;
      }
    } catch (error) {
      throw readError(error, jobId);
    } finally {
      await this.closeSources(sources, jobId);
    }
  }

  private async openSources<Row extends StoredRow>(
    sources: RowSource<Row>[],
    kind: RowKind<Row, unknown>,
    jobId: string,
    files: readonly VisibleFile[],
    wants: WantsMember,
    checkpoint: () => void,
  ): Promise<void> {
    for (const { path, stream, length } of files) {
      const file = await FileSnapshot.open(path, length);
      sources.push(new RowSource(kind, file, { jobId, stream, wants, checkpoint }));
    }
  }

  private async closeSources(sources: readonly RowSource<StoredRow>[], jobId: string): Promise<void> {
    const foreign = sources.reduce((sum, { totals }) => sum + totals.foreignJobIds, 0);
    if (foreign > 0) this.onForeignJobId(jobId, foreign);
    for (const source of sources) await source.close();
  }

  /** In one turn of the event loop, so that no write comes between the files. */
  private visibleFiles(area: JobFile['area'], jobId: string): VisibleFile[] {
    const files: VisibleFile[] = [];
    for (const { fileName, stream } of FILES[area]) {
      const path = this.layout.path({ area, jobId, fileName });
      const length =
        this.visibility.visibleLength(path) ?? statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (length > 0) files.push({ path, stream, length });
    }
    return files;
  }

  private throwIfClosed(): void {
    if (this.closed) throw StorageError.closed();
  }
}

/** A file that is gone between looking and opening went with its job. */
function readError(error: unknown, jobId: string): StorageError {
  return isMissing(error) ? StorageError.jobNotFound(jobId) : toStorageError(error, `reading job ${jobId}`);
}

/** A job that is gone by the time it is looked at is none; other errors stay errors. */
function ifKnown(error: unknown): undefined {
  if (error instanceof StorageError && error.code === 'JOB_NOT_FOUND') return undefined;
  throw error;
}

function wantsOf({ startTime, endTime, afterOrdinal }: RowQuery): WantsMember {
  return ({ timeMin, timeMax, ordinals }) => {
    if (startTime !== undefined && timeMax < startTime) return false;
    if (endTime !== undefined && timeMin > endTime) return false;
    return afterOrdinal === undefined || ordinals[ordinals.length - 1] > afterOrdinal;
  };
}

function rowStats(totals: { rows: bigint; contentBytes: bigint } | undefined) {
  return { rows: totals?.rows ?? 0n, bytes: totals?.contentBytes ?? 0n };
}

function isGap(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'kind' in item && item.kind === 'gap';
}
