import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkJobId,
  StorageError,
  type CleanupReport,
  type CleanupRequest,
  type JobEnd,
  type JobInfo,
  type LogBatch,
  type MetricBatch,
  type StoreStats,
  type WriteOptions,
  type WriteSource,
} from '@joblet/storage';
import { openWal, WalError, type WalEvent, type WriteAheadLog } from '@joblet/wal';
import { makeDirectory } from '../disk/make-directory.js';
import { toStorageError } from '../errors.js';
import { JOB_INDEX_FILE, LOG_DIRECTORY, RUNS_DIRECTORY } from '../format/file-names.js';
import { Layout } from '../format/layout.js';
import {
  CLOSE_SEAL_MS,
  HOUSEKEEPING_MS,
  LOG_SEGMENTS_MAX,
  RUN_TAIL_BYTES,
  RUNS_MAX,
  SEGMENT_BYTES,
} from '../limits.js';
import type { AreaView, JobView, StoreView } from '../read/area-view.js';
import type { Survey } from '../read/reader.js';
import { CommitQueue, type PlannedGroup } from './commit-queue.js';
import { DataFiles, type OwnedFile } from './data-files.js';
import { Deletions } from './deletions.js';
import type { EngineOptions } from './engine-options.js';
import { viewArea } from './engine-view.js';
import { FreeSpace } from './free-space.js';
import { readJobIndex, writeJobIndex } from './job-index.js';
import { areaNumbers, jobInfo } from './job-numbers.js';
import { AREAS, graveKey, isKnown, JobTable, newArea, NO_FACTS, type Area, type Job } from './job-table.js';
import { batchEntry, encodeEntries, type AreaName, type BatchEntry, type LogEntry } from './log-entry.js';
import { adopt, checkSizes, statsOf } from './open-area.js';
import { readOldIndex } from './old-index.js';
import { partBytes } from './part.js';
import { inspectFiles, replayRows } from './recovery.js';
import { restoreUnsynced } from './restore-unsynced.js';
import { memoryBytes, oldestPosition, RowMemory } from './row-memory.js';
import { RunStore } from './runs.js';
import { Sealer } from './sealer.js';
import { spill } from './spill.js';
import { surveyLog } from './survey-log.js';

/** What the engine asks of whoever reads files. */
export interface FileReader {
  survey(jobId: string, name: AreaName): Promise<Survey>;
  ordinals(jobId: string, name: AreaName, first: bigint): Promise<ReadonlySet<bigint>>;
}

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
  readonly freeBytes: number;
  readonly isSpaceLow: boolean;
  readonly jobs: number;
}

/**
 * Keeps the rows of all jobs. A change is one record of the log; rows are then in memory, and leave it for runs and for the files of
 * their jobs. The log is trimmed behind what is durable there.
 */
export class Engine implements StoreView {
  private readonly options: EngineOptions;
  private readonly table: JobTable;
  private readonly memory: RowMemory;
  private readonly runs: RunStore;
  private readonly files: DataFiles;
  private readonly deletions: Deletions;
  private readonly space: FreeSpace;
  private readonly sealer: Sealer;
  private readonly queue: CommitQueue;
  private readonly log: WriteAheadLog;
  private readonly reader: FileReader;
  private readonly knowing = new Map<Area, Promise<void>>();
  /** Behind the newest record whose rows are in memory. */
  private applied: bigint;
  /** Rows that a failed sync has taken out of files and that are not back yet: nothing of the log may go. */
  private restoring = 0;
  private checkpointing: Promise<void> | undefined;
  private checkpointedAt: bigint;
  private relieving: Promise<void> | undefined;
  private failure: unknown;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    options: EngineOptions,
    reader: FileReader,
    log: WriteAheadLog,
    space: FreeSpace,
    table: JobTable,
    runs: RunStore,
  ) {
    this.options = options;
    this.reader = reader;
    this.log = log;
    this.space = space;
    this.table = table;
    this.runs = runs;
    this.applied = log.end;
    this.checkpointedAt = log.start;
    this.memory = new RowMemory(options.blockBytes);
    this.files = new DataFiles((file, error) => this.onSyncFailed(file, error));
    this.deletions = new Deletions(
      { logs: options.logsDirectory, metrics: options.metricsDirectory },
      (doing, error) => this.tellFailed(doing, error),
    );
    this.sealer = new Sealer({
      table,
      memory: this.memory,
      files: this.files,
      options,
      know: (job, name) => this.know(job, name),
      cleared: (jobId, name) => this.carry(jobId, name),
    });
    this.queue = new CommitQueue(
      table,
      (entries) => this.appendEntries(entries),
      () => {
        this.applied = this.log.end;
        this.watch();
      },
    );
  }

  /** `readerFor` is given the engine's view, for looking at files that the engine does not know. */
  static async open(options: EngineOptions, readerFor: (view: StoreView) => FileReader): Promise<Engine> {
    const { baseDirectory, onEvent } = options;
    const space = new FreeSpace(options);
    await space.ask();
    const runs = new RunStore(join(baseDirectory, RUNS_DIRECTORY));
    await makeDirectory(runs.directory);
    await runs.open((path, reason) => onEvent({ type: 'run-damaged', path, reason }));
    const { table, known } = await openTable(options);
    const log = await openLog(options, space);
    try {
      const view: StoreView = { view: (jobId, areas) => engine.view(jobId, areas) };
      const engine: Engine = new Engine(options, readerFor(view), log, space, table, runs);
      await engine.recover(known);
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
        await this.admit();
        entry = await this.planBatch(group, name, batch, source);
        return entry ? [entry] : [];
      },
      apply: (position) => {
        if (entry) this.applyBatch(entry, position);
      },
    });
  }

  async deleteJob(jobId: string): Promise<void> {
    await this.delete(jobId, () => [...AREAS]);
  }

  async deleteMetrics(jobId: string): Promise<void> {
    await this.delete(jobId, () => ['metrics']);
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
        const job = this.table.job(jobId);
        job.end = kept;
        for (const name of AREAS) {
          const area = job[name];
          if (area && this.table.pending.has(area)) this.sealer.seal(job, name, area, true);
        }
      },
    });
  }

  durableSources(): readonly WriteSource[] {
    return [...this.table.sources.values()];
  }

  view(jobId: string, areas: readonly AreaName[]): JobView | undefined {
    const job = this.find(jobId);
    if (!job) return undefined;
    const viewOf = (name: AreaName): AreaView | undefined => {
      const area = job[name];
      if (!area || !areas.includes(name)) return undefined;
      checkSizes(this.table, job, name, area);
      return viewArea(this.table, job, name, area);
    };
    return { logs: viewOf('logs'), metrics: viewOf('metrics') };
  }

  /** Sorted by id. */
  jobIds(): string[] {
    return [...this.table.jobs.keys()].sort();
  }

  /** Undefined: nothing is known of the job. */
  async jobInfo(jobId: string): Promise<JobInfo | undefined> {
    const job = this.find(jobId);
    if (!job) return undefined;
    for (const name of AREAS) {
      const area = job[name];
      if (!area) continue;
      checkSizes(this.table, job, name, area);
      await this.know(job, name);
    }
    return this.table.jobs.get(jobId) === job ? jobInfo(job) : this.jobInfo(jobId);
  }

  async stats(): Promise<StoreStats> {
    const stats = { jobs: 0n, logRows: 0n, metricRows: 0n, sizeBytes: 0n };
    for (const jobId of this.jobIds()) {
      const info = await this.jobInfo(jobId);
      if (!info) continue;
      stats.jobs++;
      stats.logRows += info.stdout.rows + info.stderr.rows;
      stats.metricRows += info.metrics.rows;
      stats.sizeBytes += info.sizeBytes;
    }
    return stats;
  }

  async cleanup({ logsBefore, metricsBefore, dryRun = false }: CleanupRequest): Promise<CleanupReport> {
    const before = { logs: logsBefore, metrics: metricsBefore };
    const removed = { logs: 0n, metrics: 0n };
    const losers: string[] = [];
    for (const jobId of this.jobIds()) {
      const expired = new Map<AreaName, { area: Area; rows: bigint }>();
      for (const name of AREAS) {
        const limit = before[name];
        const area = limit === undefined ? undefined : await this.areaIfKnown(jobId, name);
        if (limit === undefined || !area) continue;
        const rows = expiredRows(name, area, limit);
        if (rows > 0n) expired.set(name, { area, rows });
      }
      if (expired.size === 0) continue;
      losers.push(jobId);
      for (const [name, { rows }] of expired) removed[name] += rows;
      if (!dryRun) await this.expire(jobId, before, [...expired.keys()]);
    }
    return { jobs: losers, logRows: removed.logs, metricRows: removed.metrics };
  }

  figures(): EngineFigures {
    return {
      pendingBytes: this.memory.held,
      logBytes: Number(this.log.end - this.log.start),
      logSegments: this.log.segments,
      runs: this.runs.runs.length,
      parkedAreas: this.sealer.parked,
      openFiles: this.files.size,
      blocksSealed: this.sealer.sealedBlocks,
      fileSyncs: this.files.syncs,
      freeBytes: this.space.freeBytes,
      isSpaceLow: this.space.isLow,
      jobs: this.table.jobs.size,
    };
  }

  /** Seals what there is of all jobs. Resolves when nothing is under way any more. */
  async sealAll(): Promise<void> {
    for (const [area, { job, name }] of this.table.pending) this.sealer.seal(job, name, area, true);
    await this.sealer.idle();
  }

  /** Resolves when nothing is under way in the background. */
  async settled(): Promise<void> {
    await this.relieving;
    await this.sealer.idle();
    await this.checkpointing;
    await this.queue.idle();
    await this.deletions.idle();
  }

  /** Moves what is in memory to a run. */
  async spillAll(): Promise<void> {
    await this.sealer.idle();
    await spill(this.spilling, [...this.table.pending.keys()], this.applied);
  }

  /** Makes durable what is in files, and trims the log behind it. */
  checkpoint(): Promise<void> {
    this.checkpointing ??= this.checkpointNow().finally(() => {
      this.checkpointing = undefined;
    });
    return this.checkpointing;
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.queue.idle();
    await this.relieving?.catch(() => undefined);
    await this.checkpointing?.catch(() => undefined);
    let timeout: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timeout = setTimeout(resolve, CLOSE_SEAL_MS);
    });
    await Promise.race([this.sealAll(), enough]);
    clearTimeout(timeout);
    // What cannot be carried out now is in the log.
    for (const { name, jobId } of this.deletions.all()) await this.carry(jobId, name).catch(() => undefined);
    await this.queue.idle();
    await this.checkpoint().catch((error: unknown) => this.tellFailed('the last checkpoint', error));
    await this.options.builder.close();
    await this.sealer.idle();
    await this.queue.idle();
    await this.deletions.idle();
    await this.files.close();
    for (const run of this.runs.runs) await run.closeHandle();
    await this.log.close();
  }

  /** `known`: where the log has to be read from, as the job index says. */
  private async recover(known: bigint | undefined): Promise<void> {
    const { log, table, runs, reader, options } = this;
    const from = known !== undefined && known >= log.start && known <= log.end ? known : undefined;
    await this.deletions.open();
    const survey = await surveyLog(log, table, from, options.onEvent);
    for (const { jobId, name, record, position } of survey.deletions) {
      const area = table.jobs.get(jobId)?.[name];
      if (area) for (const file of area.files) file.counted = file.synced = NO_FACTS;
      this.deletions.add({ jobId, name, record, position, close: () => Promise.resolve() });
    }
    for (const { jobId, name } of survey.deletions) {
      await this.carry(jobId, name).catch((error: unknown) =>
        this.tellFailed(`deleting job ${jobId}`, error),
      );
    }
    const readOrdinals = reader.ordinals.bind(reader);
    const missing = await inspectFiles({ log, table, runs, from, readOrdinals }, survey);
    const rows = await replayRows(
      { log, table, from },
      missing,
      async (job, area, { entry, picked, first, position }) => {
        const added = { bytes: entry.bytes, table: entry.table, picked };
        table.pending.set(area, { job, name: entry.kind });
        const hasBlock = this.memory.add(area, added, picked.length, first, position);
        if (hasBlock) this.sealer.seal(job, entry.kind, area, false);
        if (this.memory.held > options.memoryBytes) await this.relieve();
      },
    );
    if (rows > 0 || survey.deletions.length > 0)
      options.onEvent({ type: 'recovered', rows, deletions: survey.deletions.length });
  }

  private async change(doing: string, change: Parameters<CommitQueue['add']>[0]): Promise<void> {
    try {
      await this.queue.add(change);
    } catch (error) {
      throw toEngineError(error, doing);
    }
  }

  /** Waits for room in memory and in the log. Rejects when there is no space, or no room can be made. */
  private async admit(): Promise<void> {
    await this.space.check();
    while (this.memory.held > this.options.memoryBytes) {
      const before = this.memory.held;
      await this.relieve();
      await this.sealer.progress();
      if (this.memory.held < before || this.sealer.isBusy) continue;
      const held = `${this.memory.held} bytes of rows wait in memory and can go to no file`;
      throw new StorageError('UNAVAILABLE', held, { cause: this.failure });
    }
  }

  private async planBatch(
    group: PlannedGroup,
    name: AreaName,
    batch: LogBatch | MetricBatch,
    source: WriteSource | undefined,
  ): Promise<BatchEntry | undefined> {
    for (const jobId of batch.jobIds) {
      const area = this.table.jobs.get(jobId)?.[name];
      if (!area?.isChecked || !isKnown(area)) await this.areaIfKnown(jobId, name);
    }
    if (source && !group.take(source)) return undefined;
    const counts = new Map<string, bigint>();
    if (batch.jobIds.length === 1) counts.set(batch.jobIds[0], BigInt(batch.length));
    else {
      const { jobOfRow } = batch.table;
      const numbers = new Uint32Array(batch.jobIds.length);
      for (const job of jobOfRow) numbers[job]++;
      batch.jobIds.forEach((jobId, index) => counts.set(jobId, BigInt(numbers[index])));
    }
    const firstOrdinals = batch.jobIds.map((jobId) => {
      const first = group.nextOrdinal(name, jobId);
      group.setNextOrdinal(name, jobId, first + (counts.get(jobId) ?? 0n));
      group.setPlanned(jobId, true);
      group.setEnd(jobId, false);
      return first;
    });
    return batchEntry(name, batch, firstOrdinals, source, this.options.now());
  }

  private applyBatch(entry: BatchEntry, position: bigint): void {
    const { table, memory } = this;
    if (entry.source) table.sources.set(entry.source.producer, entry.source);
    const { kind: name, bytes } = entry;
    const { jobIds, jobOfRow, starts } = entry.table;
    const picked: number[][] | undefined = jobIds.length === 1 ? undefined : jobIds.map(() => []);
    if (picked) for (let row = 0; row < starts.length; row++) picked[jobOfRow[row]].push(row);
    jobIds.forEach((jobId, index) => {
      const job = table.job(jobId);
      const area = table.area(jobId, name);
      job.end = undefined;
      area.arrival = entry.arrival;
      const own = picked?.[index];
      const source = own ? { bytes, table: entry.table, picked: own } : { bytes, table: entry.table };
      const rows = own?.length ?? starts.length;
      const first = entry.firstOrdinals[index];
      table.pending.set(area, { job, name });
      area.nextOrdinal = first + BigInt(rows);
      if (memory.add(area, source, rows, first, position)) this.sealer.seal(job, name, area, false);
    });
  }

  /** What is left of a job that has no row and no end is forgotten with the rest. `keep`: areas are numbered on. */
  private async delete(
    jobId: string,
    namesOf: (group: PlannedGroup) => readonly AreaName[],
    keep = false,
  ): Promise<void> {
    checkJobId(jobId);
    let deleted: LogEntry & { type: 'delete' } = { type: 'delete', jobId, whole: false, areas: [] };
    await this.change(`deleting job ${jobId}`, {
      bytes: 0,
      plan: async (group) => {
        if (!(group.isPlanned(jobId) ?? this.find(jobId) !== undefined))
          throw StorageError.jobNotFound(jobId);
        const names = namesOf(group);
        if (names.length === 0) return [];
        const job = this.table.jobs.get(jobId);
        const whole =
          names.length === AREAS.length && !keep
            ? true
            : !(group.hasEnd(jobId) ?? job?.end !== undefined) &&
              AREAS.every((name) => {
                const area = job?.[name];
                return names.includes(name) || !(group.hasRows(name, jobId) ?? (area && !isEmptyArea(area)));
              });
        const areas = (whole ? AREAS : names).map((area) => ({
          area,
          nextOrdinal: keep && !whole ? group.nextOrdinal(area, jobId) : 0n,
        }));
        for (const { area, nextOrdinal } of areas) group.setNextOrdinal(area, jobId, nextOrdinal);
        if (whole) group.setEnd(jobId, false);
        group.setPlanned(jobId, !whole);
        deleted = { type: 'delete', jobId, whole, areas };
        return [deleted];
      },
      apply: (record, position) => this.applyDelete(deleted, record, position),
    });
    await this.carryAll(
      jobId,
      deleted.areas.map(({ area }) => area),
    );
  }

  private applyDelete(
    { jobId, whole, areas }: LogEntry & { type: 'delete' },
    record: bigint,
    position: bigint,
  ): void {
    if (areas.length === 0) return;
    const { table } = this;
    const job = table.job(jobId);
    if (whole) job.end = undefined;
    for (const { area: name, nextOrdinal } of areas) {
      const area = job[name];
      table.graves.set(graveKey(name, jobId), position);
      job[name] = undefined;
      if (area) this.bury(area);
      if (nextOrdinal > 0n) {
        job[name] = newArea(name, { facts: NO_FACTS, born: position });
        job[name].nextOrdinal = nextOrdinal;
      }
      const paths = table.layout
        .paths(jobId)
        .filter((path) => (area?.files ?? []).some(({ fileName }) => path.endsWith(`/${fileName}`)));
      const close = async (): Promise<void> => {
        await this.files.forget(paths);
        for (const path of paths) await this.options.indexes.drop(path);
      };
      this.deletions.add({ jobId, name, record, position, area, close });
    }
    table.forgetIfEmpty(job);
  }

  private bury(area: Area): void {
    area.isGone = true;
    this.table.pending.delete(area);
    this.memory.freeze(area);
    for (const part of area.parts) {
      if (part.kind === 'memory') this.memory.released(part);
      else part.run.live--;
    }
    for (const { run } of area.unsynced) run.live--;
    if (area.pauseMs > 0) this.sealer.parked--;
    area.parts = [];
    area.unsynced = [];
  }

  /** Resolves also when it cannot be carried out now: it will be, the log has it. */
  private async carryAll(jobId: string, names: readonly AreaName[]): Promise<void> {
    for (const name of names) {
      await this.carry(jobId, name).catch((error: unknown) =>
        this.tellFailed(`deleting job ${jobId}`, error),
      );
    }
  }

  private async carry(jobId: string, name: AreaName): Promise<void> {
    if (!this.deletions.isUncarried(name, jobId)) return;
    const before = this.deletions.positions;
    await this.deletions.carry(name, jobId);
    for (const position of before) {
      if (this.deletions.hasAt(position)) continue;
      // Not awaited: what carries it out again at the next start finds the same.
      void this.queue
        .add({
          bytes: 0,
          plan: () => Promise.resolve([{ type: 'deleted', position }]),
          apply: () => undefined,
        })
        .catch((error: unknown) => this.tellFailed(`deleting job ${jobId}`, error));
    }
  }

  private async expire(
    jobId: string,
    before: Readonly<Record<AreaName, bigint | undefined>>,
    names: readonly AreaName[],
  ): Promise<void> {
    await this.delete(
      jobId,
      (group) => {
        // What has just come is not expired.
        if (group.isPlanned(jobId) !== undefined) return [];
        return names.filter((name) => {
          const area = this.table.jobs.get(jobId)?.[name];
          const limit = before[name];
          return area !== undefined && limit !== undefined && expiredRows(name, area, limit) > 0n;
        });
      },
      true,
    ).catch((error: unknown) => {
      if (!(error instanceof StorageError && error.code === 'JOB_NOT_FOUND')) throw error;
    });
  }

  private find(jobId: string): Job | undefined {
    return (
      this.table.jobs.get(jobId) ??
      adopt(this.table, jobId, (name) => this.deletions.isUncarried(name, jobId))
    );
  }

  private async areaIfKnown(jobId: string, name: AreaName): Promise<Area | undefined> {
    const job = this.find(jobId);
    return job?.[name] && this.know(job, name);
  }

  /** Looks at the area's files when nobody has yet. */
  private async know(job: Job, name: AreaName): Promise<Area> {
    const area = this.table.area(job.jobId, name);
    if (!area.isChecked) checkSizes(this.table, job, name, area);
    if (isKnown(area)) return area;
    let knowing = this.knowing.get(area);
    if (!knowing) {
      knowing = this.surveyArea(job, name, area).finally(() => this.knowing.delete(area));
      this.knowing.set(area, knowing);
    }
    await knowing;
    return area;
  }

  private async surveyArea(job: Job, name: AreaName, area: Area): Promise<void> {
    const { nextOrdinal, totals, gaps } = await this.reader.survey(job.jobId, name);
    if (nextOrdinal > area.nextOrdinal) area.nextOrdinal = nextOrdinal;
    area.gaps = gaps;
    for (const file of area.files) {
      const path = this.table.layout.path({ area: name, jobId: job.jobId, fileName: file.fileName });
      const { rows = 0n, contentBytes = 0n, timeMin = 0n, timeMax = 0n } = totals.get(file.stream) ?? {};
      const stats = statsOf(path);
      const length = stats?.isFile() ? stats.size : 0;
      file.counted = { length, rows, contentBytes, timeMin, timeMax, lastOrdinal: nextOrdinal - 1n };
      file.synced = file.counted;
    }
  }

  private async appendEntries(entries: readonly LogEntry[]): Promise<bigint> {
    return this.log.append(encodeEntries(entries));
  }

  /** After each group: whether memory or the log presses. */
  private watch(): void {
    if (this.memory.held > this.options.memoryBytes / 2)
      void this.relieve().catch((error: unknown) => this.tellFailed('making room in memory', error));
    if (this.log.end - this.checkpointedAt > BigInt(this.logBytesMax() / 2)) {
      this.checkpointedAt = this.log.end;
      void this.trimLog().catch((error: unknown) => this.tellFailed('trimming the log', error));
    }
  }

  private logBytesMax(): number {
    return LOG_SEGMENTS_MAX * this.space.segmentBytes(this.options.segmentBytes ?? SEGMENT_BYTES);
  }

  /** Moves rows that only the older half of the log has, and then trims it. */
  private async trimLog(): Promise<void> {
    const before = this.log.end - BigInt(Math.floor(this.logBytesMax() / 4));
    await this.makeRoom((area) => (oldestPosition(area) ?? before) < before);
    await this.sealer.idle();
    await this.checkpoint();
  }

  /** Starts sealing what is large, and moves what is small to a run. */
  private relieve(): Promise<void> {
    this.relieving ??= this.makeRoom(() => true)
      .catch((error: unknown) => {
        this.failure = error;
        this.tellFailed('writing a run', error);
      })
      .finally(() => {
        this.relieving = undefined;
      });
    return this.relieving;
  }

  private async makeRoom(wants: (area: Area) => boolean): Promise<void> {
    const small: Area[] = [];
    for (const [area, { job, name }] of this.table.pending) {
      const bytes = memoryBytes(area);
      if (bytes === 0 || area.busy || !wants(area)) continue;
      if (bytes >= RUN_TAIL_BYTES && !this.sealer.isPaused(area)) this.sealer.seal(job, name, area, true);
      else small.push(area);
    }
    if (small.length === 0) return;
    await spill(this.spilling, small, this.applied);
    this.sealer.pump();
    this.sealRuns();
    void this.checkpoint().catch((error: unknown) => this.tellFailed('a checkpoint', error));
  }

  private get spilling() {
    const { table, memory, runs } = this;
    return { table, memory, runs };
  }

  /** Jobs that have a block's worth in runs, or rows in runs that have become too many. */
  private sealRuns(): void {
    const tooOld = new Set(this.runs.runs.slice(0, Math.max(0, this.runs.runs.length - RUNS_MAX)));
    for (const [area, { job, name }] of this.table.pending) {
      const bytes = area.parts.reduce((sum, part) => sum + partBytes(part), 0);
      const isOld = area.parts.some((part) => part.kind === 'run' && tooOld.has(part.run));
      if (isOld || bytes >= this.options.blockBytes) this.sealer.seal(job, name, area, true);
    }
  }

  private async checkpointNow(): Promise<void> {
    const { table, runs } = this;
    // In one turn: what is in files now is durable after the sync; what is not may be in the log alone.
    const position = this.trimmable();
    const unsynced = [...table.areas()].flatMap(({ area }) => {
      const parts = area.unsynced;
      return parts.length > 0 ? [{ area, parts: [...parts] }] : [];
    });
    const isGood = await this.files.syncAll();
    if (!isGood || this.restoring > 0) return;
    for (const { area, parts } of unsynced) {
      if (area.isGone) continue;
      for (const { run } of parts) run.live--;
      area.unsynced = area.unsynced.filter((part) => !parts.includes(part));
    }
    const dead = runs.runs.filter(({ live }) => live === 0);
    await writeJobIndex(join(this.options.baseDirectory, JOB_INDEX_FILE), table, position);
    await runs.removeDead(dead);
    await this.keepGraves(position);
    if (this.restoring === 0) await this.log.trim(position);
    this.checkpointedAt = this.log.end;
  }

  /** Of the oldest record that is still needed. */
  private trimmable(): bigint {
    let position = this.applied;
    for (const area of this.table.pending.keys()) {
      const oldest = oldestPosition(area);
      if (oldest !== undefined && oldest < position) position = oldest;
    }
    const deletion = this.deletions.oldestRecord;
    return deletion !== undefined && deletion < position ? deletion : position;
  }

  /** What the log is about to forget of deletions is told to it again while a run may have rows of before. */
  private async keepGraves(trimmed: bigint): Promise<void> {
    const { table, runs } = this;
    const again: LogEntry[] = [];
    for (const [key, position] of table.graves) {
      if (!runs.runs.some((run) => run.position <= position)) {
        table.graves.delete(key);
        continue;
      }
      if (position >= trimmed) continue;
      const at = key.indexOf('/');
      again.push({ type: 'born', area: key.slice(0, at) as AreaName, jobId: key.slice(at + 1), position });
    }
    if (again.length === 0) return;
    await this.queue.add({ bytes: 0, plan: () => Promise.resolve(again), apply: () => undefined });
  }

  private onSyncFailed(owned: OwnedFile, error: unknown): void {
    this.options.onEvent({ type: 'sync-failed', path: owned.path, error });
    this.restoring++;
    const { table, runs, log } = this;
    const restore = async (pauseMs: number): Promise<void> => {
      try {
        await restoreUnsynced({ table, runs, log, position: () => this.applied }, owned);
        this.restoring--;
      } catch (failure) {
        this.tellFailed(`bringing back rows of ${owned.path}`, failure);
        setTimeout(() => void restore(Math.min(pauseMs * 2, 60_000)), pauseMs).unref();
      }
    };
    void restore(1_000);
  }

  private keepHouse(): void {
    const now = this.options.now();
    for (const [area, { job, name }] of this.table.pending)
      if (now - area.arrival >= this.options.sealIdleMs) this.sealer.seal(job, name, area, true);
    this.sealer.pump();
    for (const { name, jobId } of this.deletions.all()) void this.carryAll(jobId, [name]);
    if (this.space.isLow) void this.space.ask().catch(() => undefined);
  }

  private tellFailed(doing: string, error: unknown): void {
    this.options.onEvent({ type: 'background-failed', doing, error });
  }
}

/** `known`: up to where the job index knows the log. */
async function openTable(options: EngineOptions): Promise<{ table: JobTable; known: bigint | undefined }> {
  const { logsDirectory, metricsDirectory, baseDirectory, onEvent } = options;
  const layout = new Layout(logsDirectory, metricsDirectory);
  const path = join(baseDirectory, JOB_INDEX_FILE);
  await rm(`${path}.tmp`, { force: true });
  let table = new JobTable(layout);
  const known = await readJobIndex(path, table);
  const found = await layout.jobIdsByArea();
  if (typeof known === 'string') {
    table = new JobTable(layout);
    // A folder that this store opens for the first time has none.
    if (hasLog(options)) onEvent({ type: 'job-index-rebuilt', path, reason: known });
  }
  for (const name of AREAS) {
    for (const jobId of found[name]) table.job(jobId)[name] ??= newArea(name, { facts: undefined });
    // Folders that are gone were taken away by somebody else; what has no file yet is known from the log.
    for (const [jobId, job] of table.jobs) {
      const area = job[name];
      if (!area || found[name].has(jobId) || area.files.every(({ synced }) => synced?.length === 0)) continue;
      job[name] = undefined;
      table.forgetIfEmpty(job);
    }
  }
  await readOldIndex(baseDirectory, table);
  return { table, known: typeof known === 'string' ? undefined : known };
}

function hasLog({ baseDirectory }: EngineOptions): boolean {
  return statsOf(join(baseDirectory, LOG_DIRECTORY)) !== undefined;
}

function openLog(options: EngineOptions, space: FreeSpace): Promise<WriteAheadLog> {
  const { baseDirectory, sync, syncIntervalMs, segmentBytes = SEGMENT_BYTES, onEvent } = options;
  return openWal({
    directory: join(baseDirectory, LOG_DIRECTORY),
    sync,
    ...(syncIntervalMs !== undefined && { syncIntervalMs }),
    segmentBytes: () => space.segmentBytes(segmentBytes),
    onEvent: (event: WalEvent) => onEvent(event),
  });
}

function isEmptyArea(area: Area): boolean {
  return area.parts.length === 0 && !area.tail && area.files.every(({ counted }) => counted?.length === 0);
}

/** Rows of the area, when the later of its newest row's time and the last arrival is before the limit; else 0. */
function expiredRows(name: AreaName, area: Area, limit: bigint): bigint {
  const numbers = [...areaNumbers(name, area).values()];
  const rows = numbers.reduce((sum, stream) => sum + stream.rows, 0n);
  const newest = numbers.reduce(
    (last, { timeMax }) => (timeMax > last ? timeMax : last),
    BigInt(area.arrival) * 1_000_000n,
  );
  return newest < limit ? rows : 0n;
}

function toEngineError(error: unknown, doing: string): StorageError {
  if (!(error instanceof WalError)) return toStorageError(error, doing);
  const code = error.code === 'IO' || error.code === 'QUEUE_FULL' ? 'UNAVAILABLE' : error.code;
  return new StorageError(code, `${doing}: ${error.message}`, { cause: error });
}
