import { join } from 'node:path';
import type {
  CleanupReport,
  CleanupRequest,
  JobEnd,
  JobInfo,
  LogBatch,
  MetricBatch,
  WriteOptions,
  WriteSource,
} from '@joblet/storage';
import { makeDirectory } from '../disk/make-directory.js';
import { JOB_INDEX_FILE, RUNS_DIRECTORY, STORE_ID_FILE } from '../format/file-names.js';
import { CLOSE_SEAL_MS, CLOSE_SYNC_MS, HOUSEKEEPING_MS, REWRITE_SCAN_MS } from '../limits.js';
import type { AreaView, JobView, StoreView } from '../read/area-view.js';
import { applyBatch, planBatch } from './batches.js';
import { Checkpoints } from './checkpoint.js';
import { CommitQueue } from './commit-queue.js';
import { DataFiles } from './data-files.js';
import { JobDeleter } from './delete-job.js';
import { Deletions } from './deletions.js';
import type { EngineCore } from './engine-core.js';
import { toEngineError } from './engine-error.js';
import type { EngineOptions } from './engine-options.js';
import { viewArea } from './engine-view.js';
import { FreeSpace } from './free-space.js';
import { jobInfo } from './job-numbers.js';
import { AREAS } from './job-table.js';
import { KnownAreas, type FileReader } from './known-areas.js';
import { encodeEntries, type AreaName, type BatchEntry } from './log-entry.js';
import { newestPosition, openLog, openTable } from './open-table.js';
import { partRows } from './part.js';
import { Pressure } from './pressure.js';
import { recover } from './recover.js';
import type { RecoveryContext } from './inspect-files.js';
import { cleanUp } from './retention.js';
import { Rewriter } from './rewrite.js';
import { Rotation } from './rotation.js';
import { RowMemory } from './row-memory.js';
import { RunStore } from './runs.js';
import { salvagePieces } from './salvage-pieces.js';
import { Sealer } from './sealer.js';

/** How the engine is doing. */
export interface EngineFigures {
  readonly pendingBytes: number;
  readonly logBytes: number;
  readonly logSegments: number;
  readonly runs: number;
  readonly parkedAreas: number;
  readonly openFiles: number;
  readonly blocksSealed: number;
  readonly fileSyncs: number;
  readonly filesRewritten: number;
  /** Of files that were rotated away, or expired one by one. */
  readonly lostRows: bigint;
  readonly lostBytes: bigint;
  readonly freeBytes: number;
  readonly isSpaceLow: boolean;
  readonly jobs: number;
}

/**
 * Keeps the rows of all jobs. A change is one record of the log; rows are then in memory, and leave it for runs and for the files of
 * their jobs. The log is trimmed behind what is durable there.
 */
export class Engine implements StoreView {
  private readonly core: EngineCore;
  private readonly reader: FileReader;
  private readonly known: KnownAreas;
  private readonly checkpoints: Checkpoints;
  private readonly pressure: Pressure;
  private readonly deleter: JobDeleter;
  private readonly rewriter: Rewriter;
  private readonly rotation: Rotation;
  private timer: NodeJS.Timeout | undefined;
  private sinceRewriteMs = 0;

  private constructor(
    options: EngineOptions,
    reader: FileReader,
    opened: Pick<EngineCore, 'log' | 'space' | 'table' | 'runs'>,
    known: bigint | undefined,
  ) {
    const { log, table } = opened;
    const memory = new RowMemory(options.blockBytes, options.memoryBytes);
    const tellFailed = (doing: string, error: unknown): void =>
      options.onEvent({ type: 'background-failed', doing, error });
    const files = new DataFiles(options.calls, (file, error) => this.checkpoints.onSyncFailed(file, error));
    const deletions = new Deletions(
      { logs: options.logsDirectory, metrics: options.metricsDirectory },
      tellFailed,
    );
    const sealer = new Sealer({
      table,
      memory,
      files,
      options,
      know: (job, name, area) => this.known.know(job, name, area),
      cleared: (jobId, name) => this.deleter.carry(jobId, name),
      fileFor: (...asked) => this.rotation.fileFor(...asked),
    });
    const queue = new CommitQueue(
      table,
      (entries) => log.append(encodeEntries(entries)),
      () => {
        this.core.applied = log.end;
        this.pressure.watch();
      },
    );
    const parts = { ...opened, options, memory, files, deletions, sealer, queue, tellFailed };
    this.core = { ...parts, applied: log.end, isRecovered: false };
    this.reader = reader;
    this.known = new KnownAreas(table, deletions, reader);
    this.checkpoints = new Checkpoints(this.core, known);
    this.pressure = new Pressure(this.core, this.checkpoints);
    this.deleter = new JobDeleter(this.core, this.known);
    this.rewriter = new Rewriter(this.core);
    this.rotation = new Rotation(this.core);
  }

  /** `readerFor` is given the engine's view, for looking at files that the engine does not know. */
  static async open(options: EngineOptions, readerFor: (view: StoreView) => FileReader): Promise<Engine> {
    const { baseDirectory, onEvent } = options;
    const space = new FreeSpace(options);
    await space.ask();
    const runs = new RunStore(join(baseDirectory, RUNS_DIRECTORY), (damaged) =>
      salvagePieces(engine.core, damaged),
    );
    await makeDirectory(runs.directory);
    const { table, known, folders, missing } = await openTable(options);
    await runs.open(join(baseDirectory, STORE_ID_FILE), table.runs, onEvent);
    const usedUpTo = newestPosition(table, runs, known);
    const log = await openLog(options, space, usedUpTo);
    // A log that goes back to the store's beginning has all that the index would have.
    if (missing !== undefined && (log.start > 0n || runs.runs.length > 0))
      onEvent({ type: 'job-index-rebuilt', path: join(baseDirectory, JOB_INDEX_FILE), reason: missing });
    let engine: Engine;
    try {
      const view: StoreView = { view: (jobId, areas) => engine.view(jobId, areas) };
      engine = new Engine(options, readerFor(view), { log, space, table, runs }, known);
      const { core, deleter, pressure } = engine;
      const hasFolder: RecoveryContext['hasFolder'] = (jobId, name) => folders[name].has(jobId);
      await recover({ core, reader: engine.reader, deleter, pressure }, { known, usedUpTo, hasFolder });
      engine.timer = setInterval(() => engine.keepHouse(), HOUSEKEEPING_MS);
      engine.timer.unref();
      return engine;
    } catch (error) {
      await log.close().catch(() => undefined);
      throw error;
    }
  }

  async write(name: AreaName, batch: LogBatch | MetricBatch, options: WriteOptions = {}): Promise<void> {
    const { source } = options;
    if (batch.length === 0 && !source) return;
    let entry: BatchEntry | undefined;
    await this.change(`writing ${name}`, {
      bytes: batch.bytes.length + batch.length * 16,
      plan: async (group) => {
        await this.pressure.admit();
        entry = await planBatch(this.core, this.known, group, name, batch, source);
        return entry ? [entry] : [];
      },
      apply: (position) => {
        if (entry) applyBatch(this.core, entry, position);
      },
    });
  }

  async deleteJob(jobId: string): Promise<void> {
    await this.deleter.delete(jobId, () => [...AREAS]);
  }

  async deleteMetrics(jobId: string): Promise<void> {
    await this.deleter.delete(jobId, () => ['metrics']);
  }

  async endJob(jobId: string, end: JobEnd): Promise<void> {
    const kept = end.exitCode === undefined ? { time: end.time } : { time: end.time, exitCode: end.exitCode };
    await this.change(`ending job ${jobId}`, {
      bytes: 0,
      plan: async (group) => {
        group.setPlanned(jobId, true);
        group.setEnd(jobId, true);
        return [{ type: 'end', jobId, end: kept }];
      },
      apply: () => {
        const job = this.core.table.job(jobId);
        job.end = kept;
        for (const name of AREAS) {
          const area = job[name];
          if (area && this.core.table.pending.has(area)) this.core.sealer.seal(job, name, area, true);
        }
      },
    });
  }

  durableSources(): readonly WriteSource[] {
    return [...this.core.table.sources.values()];
  }

  view(jobId: string, areas: readonly AreaName[]): JobView | undefined {
    const job = this.known.find(jobId);
    if (!job) return undefined;
    const viewOf = (name: AreaName): AreaView | undefined => {
      const area = job[name];
      if (!area || !areas.includes(name)) return undefined;
      this.known.check(job, name, area);
      return viewArea(this.core.table, job, name, area);
    };
    return { logs: viewOf('logs'), metrics: viewOf('metrics') };
  }

  /** Sorted by id. */
  jobIds(): string[] {
    return [...this.core.table.jobs.keys()].sort();
  }

  /** Undefined: nothing is known of the job. */
  async jobInfo(jobId: string): Promise<JobInfo | undefined> {
    const job = this.known.find(jobId);
    if (!job) return undefined;
    for (const name of AREAS) {
      const area = job[name];
      if (!area) continue;
      this.known.check(job, name, area);
      await this.known.know(job, name, area);
    }
    return this.core.table.jobs.get(jobId) === job ? jobInfo(job) : this.jobInfo(jobId);
  }

  cleanup(request: CleanupRequest): Promise<CleanupReport> {
    const { known, deleter, rotation } = this;
    const { table, tellFailed } = this.core;
    return cleanUp({ table, tellFailed, known, deleter, rotation }, request);
  }

  figures(): EngineFigures {
    const { memory, log, runs, sealer, files, space, table } = this.core;
    return {
      pendingBytes: memory.held,
      logBytes: Number(log.end - log.start),
      logSegments: log.segments,
      runs: runs.runs.length,
      parkedAreas: sealer.parked,
      openFiles: files.size,
      blocksSealed: sealer.sealedBlocks,
      fileSyncs: files.syncs,
      filesRewritten: this.rewriter.rewrittenFiles,
      lostRows: this.rotation.lostRows,
      lostBytes: this.rotation.lostBytes,
      freeBytes: space.freeBytes,
      isSpaceLow: space.isLow,
      jobs: table.jobs.size,
    };
  }

  /** Seals what there is of all jobs. Resolves when nothing is under way any more. */
  async sealAll(): Promise<void> {
    for (const [area, { job, name }] of this.core.table.pending) this.core.sealer.seal(job, name, area, true);
    await this.core.sealer.idle();
  }

  /** Resolves when nothing is under way in the background. */
  async settled(): Promise<void> {
    const { sealer, queue, deletions } = this.core;
    await this.pressure.idle();
    await sealer.idle();
    await this.checkpoints.idle();
    await queue.idle();
    await deletions.idle();
  }

  /** Moves what is in memory to a run. */
  spillAll(): Promise<void> {
    return this.pressure.spillAll();
  }

  /** Rewrites the files of jobs that have ended. */
  rewriteEnded(): Promise<void> {
    return this.rewriter.run();
  }

  /** Makes durable what is in files, and trims the log behind it. */
  checkpoint(): Promise<void> {
    return this.checkpoints.run();
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    const { core } = this;
    const startMs = performance.now();
    core.files.hurry(() => performance.now() - startMs < CLOSE_SYNC_MS);
    await this.rewriter.stop();
    await core.queue.idle();
    await this.pressure.idle();
    await this.checkpoints.idle().catch(() => undefined);
    let timeout: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timeout = setTimeout(resolve, CLOSE_SEAL_MS);
    });
    await Promise.race([this.sealAll(), enough]);
    clearTimeout(timeout);
    // One sync for all that is left: a start reads the directory of a run faster than the rows in the log.
    core.sealer.giveUp();
    await this.spillAll().catch((error: unknown) => core.tellFailed('writing a run', error));
    this.tellLeft();
    // What cannot be carried out now is in the log.
    for (const { name, jobId } of core.deletions.all())
      await this.deleter.carry(jobId, name).catch(() => undefined);
    await core.queue.idle();
    // The log goes behind the index before the newest: two leave nothing that a start had to read.
    for (let count = 0; count < 2; count++)
      await this.checkpoint().catch((error: unknown) => core.tellFailed('the last checkpoint', error));
    await core.options.builder.close();
    await core.sealer.idle();
    await core.queue.idle();
    await core.deletions.idle();
    core.files.close();
    await core.options.calls.close();
    for (const run of core.runs.runs) await run.closeHandle();
    await core.log.close();
  }

  private tellLeft(): void {
    const left = [...this.core.table.pending].filter(([area]) => area.parts.length > 0);
    if (left.length === 0) return;
    const rows = left.flatMap(([area]) => area.parts).reduce((sum, part) => sum + partRows(part), 0);
    const jobs = new Set(left.map(([, { job }]) => job)).size;
    this.core.options.onEvent({ type: 'rows-left', jobs, rows });
  }

  private async change(doing: string, change: Parameters<CommitQueue['add']>[0]): Promise<void> {
    try {
      await this.core.queue.add(change);
    } catch (error) {
      throw toEngineError(error, doing);
    }
  }

  private keepHouse(): void {
    const { core } = this;
    const now = core.options.now();
    for (const [area, { job, name }] of core.table.pending)
      if (now - area.arrival >= core.options.sealIdleMs) core.sealer.seal(job, name, area, true);
    core.sealer.pump();
    for (const { name, jobId } of core.deletions.all()) void this.deleter.carryAll(jobId, [name]);
    if (core.space.isLow) void core.space.ask().catch(() => undefined);
    this.sinceRewriteMs += HOUSEKEEPING_MS;
    if (this.sinceRewriteMs < REWRITE_SCAN_MS) return;
    this.sinceRewriteMs = 0;
    void this.rewriter.run();
  }
}
