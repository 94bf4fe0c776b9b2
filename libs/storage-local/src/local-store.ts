import { join, resolve } from 'node:path';
import {
  checkJobId,
  compareJobs,
  matchesJobList,
  StorageError,
  type CleanupReport,
  type CleanupRequest,
  type EndRecords,
  type IdempotentWrites,
  type JobCatalog,
  type JobEnd,
  type JobInfo,
  type JobListQuery,
  type LogStore,
  type MetricsDeletion,
  type Retention,
  type StatsSource,
  type StoreStats,
  type Supports,
  type WriteSource,
} from '@joblet/storage';
import { IndexFiles } from './block-index/index-files.js';
import type { IndexEvent } from './block-index/index-event.js';
import { createBlockBuilder } from './block/worker-builder.js';
import { createFileCalls } from './disk/create-file-calls.js';
import type { FileCalls } from './disk/file-calls.js';
import { ownDirectories } from './disk/own-directories.js';
import type { OwnerLock } from './disk/owner-lock.js';
import { Engine, type EngineFigures } from './engine/engine.js';
import type { EngineEvent, EngineOptions, Rotations } from './engine/engine-options.js';
import { engineReader } from './engine/engine-reader.js';
import { finishOldIntent } from './engine/old-intent.js';
import { errorCode, toStorageError } from './errors.js';
import { Layout } from './format/layout.js';
import {
  BLOCK_TEXT_BYTES,
  COMPRESSION_LEVEL_DEFAULT,
  ENDED_IDLE_MS,
  MEMORY_BYTES,
  SEAL_IDLE_MS,
} from './limits.js';
import type { StoreView } from './read/area-view.js';
import { Reader } from './read/reader.js';

export interface LocalStoreOptions {
  /** Holds `logs/`, `metrics/` and the store's own `.joblet/`. Made (0700) when missing. */
  readonly baseDirectory: string;
  /** Default: `logs` in the base directory. */
  readonly logsDirectory?: string;
  /** Default: `metrics` in the base directory. */
  readonly metricsDirectory?: string;
  /** How log content is stored: `text` (default) as a JSON string when it is UTF-8; `base64` always, as Go does. */
  readonly content?: 'text' | 'base64';
  /** Default true. False: new rows go to plain files, `stdout.log`, `stderr.log` and `metrics.jsonl`; others are read as before. */
  readonly compression?: boolean | { readonly logs?: boolean; readonly metrics?: boolean };
  /** zlib level, 1 to 9. Default 3. */
  readonly compressionLevel?: number;
  /** When a write resolves: `always` (default) when it is synced; `interval` synced soon; `never` when the system likes. */
  readonly sync?: 'always' | 'interval' | 'never';
  /** For `interval`. Default 1,000. */
  readonly syncIntervalMs?: number;
  /** Rows that are not in their files yet, in memory; writes wait when there are more. Default 64 MiB. */
  readonly memoryBytes?: number;
  /** About the text of a block. Default 240 KiB, a little less than a member may have. */
  readonly blockBytes?: number;
  /** Time without a row after which a job's rows become a block, however few. Default 60,000. */
  readonly sealIdleMs?: number;
  /** Time without a row after which a job counts as ended. Default 15 minutes. */
  readonly endedIdleMs?: number;
  /** When files are put aside, and how many of those are kept. Default: never. */
  readonly rotation?: Rotations;
  /** Of the log. Default 64 MiB, and a sixteenth of the free space at the most. */
  readonly segmentBytes?: number;
  /** Writes are refused with NO_SPACE when less than this, and less than 1 % of the disk, is free. Default 256 MiB. */
  readonly reserveBytes?: number;
  readonly onEvent?: (event: LocalStoreEvent) => void;
  /** Unix milliseconds, for tests. */
  readonly now?: () => number;
}

/** What an operator may want to know. */
export type LocalStoreEvent =
  | EngineEvent
  | IndexEvent
  /** What the first version of the store had under way when it died was undone (append), or carried through (delete). */
  | { readonly type: 'old-intent'; readonly intent: 'append' | 'delete' }
  /** Told once for each job: rows whose own job id is another than the directory's, which counts. */
  | { readonly type: 'foreign-job-id'; readonly jobId: string; readonly rows: number };

export const LOCAL_SUPPORTS: Supports = {
  durable: true,
  listJobs: true,
  stats: true,
  retention: true,
  deleteMetrics: true,
  idempotentWrites: true,
  endRecords: true,
};

/** A log store with every feature. */
export type LocalStore = LogStore &
  JobCatalog &
  StatsSource &
  Retention &
  MetricsDeletion &
  IdempotentWrites &
  EndRecords & {
    /** For metrics of the process. */
    figures(): EngineFigures;
    /** Seals all rows into their files, now. */
    flush(): Promise<void>;
  };

/**
 * Opens the store; what a crash left half done is undone or carried through first. Rejects with StorageError
 * UNAVAILABLE when a directory cannot be made, read or written, or when another process has the store open.
 */
export async function openLocalStore(options: LocalStoreOptions): Promise<LocalStore> {
  return (await openEngineStore(options)).store;
}

/** For tests that have to say when rows move, or which calls fail. */
export async function openEngineStore(
  options: LocalStoreOptions,
  fileCalls: () => FileCalls = createFileCalls,
): Promise<{ readonly store: LocalStore; readonly engine: Engine }> {
  const engineOptions = withDefaults(options);
  const { baseDirectory, logsDirectory, metricsDirectory } = engineOptions;
  const onEvent = options.onEvent ?? (() => undefined);
  try {
    const lock = await ownDirectories({
      base: baseDirectory,
      logs: logsDirectory,
      metrics: metricsDirectory,
    });
    try {
      const intent = await finishOldIntent(baseDirectory, new Layout(logsDirectory, metricsDirectory));
      if (intent) onEvent({ type: 'old-intent', intent });
      const calls = fileCalls();
      const indexes = new IndexFiles({ onEvent, calls });
      const builder = createBlockBuilder();
      const told = onceForEachJob(onEvent);
      // The engine's own goes on reading while the store is closed.
      const readerFor = (view: StoreView) => engineReader(new Reader(view, () => undefined), view);
      const engine = await Engine.open(
        { ...engineOptions, indexes, builder, calls, onEvent },
        readerFor,
      ).catch(async (error: unknown) => {
        await Promise.all([builder.close(), calls.close()]);
        throw error;
      });
      return { store: new EngineStore(engine, new Reader(engine, told, indexes), lock), engine };
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw toStorageError(error, `opening the local store in ${baseDirectory}`);
  }
}

function withDefaults(
  options: LocalStoreOptions,
): Omit<EngineOptions, 'builder' | 'calls' | 'indexes' | 'onEvent'> {
  const baseDirectory = resolve(options.baseDirectory);
  const { compression = true } = options;
  const isCompressed = (area: 'logs' | 'metrics'): boolean =>
    typeof compression === 'boolean' ? compression : (compression[area] ?? true);
  return {
    baseDirectory,
    logsDirectory: resolve(options.logsDirectory ?? join(baseDirectory, 'logs')),
    metricsDirectory: resolve(options.metricsDirectory ?? join(baseDirectory, 'metrics')),
    content: options.content ?? 'text',
    compression: { logs: isCompressed('logs'), metrics: isCompressed('metrics') },
    compressionLevel: options.compressionLevel ?? COMPRESSION_LEVEL_DEFAULT,
    sync: options.sync ?? 'always',
    syncIntervalMs: options.syncIntervalMs,
    memoryBytes: options.memoryBytes ?? MEMORY_BYTES,
    blockBytes: options.blockBytes ?? BLOCK_TEXT_BYTES,
    sealIdleMs: options.sealIdleMs ?? SEAL_IDLE_MS,
    endedIdleMs: options.endedIdleMs ?? ENDED_IDLE_MS,
    rotation: options.rotation ?? {},
    segmentBytes: options.segmentBytes,
    reserveBytes: options.reserveBytes,
    now: options.now ?? Date.now,
  };
}

class EngineStore implements LocalStore {
  readonly supports = LOCAL_SUPPORTS;
  private readonly engine: Engine;
  private readonly reader: Reader;
  private readonly lock: OwnerLock;
  private closing: Promise<void> | undefined;

  constructor(engine: Engine, reader: Reader, lock: OwnerLock) {
    this.engine = engine;
    this.reader = reader;
    this.lock = lock;
  }

  async writeLogs(...[batch, options]: Parameters<LogStore['writeLogs']>): Promise<void> {
    this.throwIfClosed();
    await this.engine.write('logs', batch, options);
  }

  async writeMetrics(...[batch, options]: Parameters<LogStore['writeMetrics']>): Promise<void> {
    this.throwIfClosed();
    await this.engine.write('metrics', batch, options);
  }

  readLogs(...[query, options = {}]: Parameters<LogStore['readLogs']>): ReturnType<LogStore['readLogs']> {
    return this.reader.readLogs(query, options);
  }

  readMetrics(
    ...[query, options = {}]: Parameters<LogStore['readMetrics']>
  ): ReturnType<LogStore['readMetrics']> {
    return this.reader.readMetrics(query, options);
  }

  async deleteJob(jobId: string): Promise<void> {
    this.throwIfClosed();
    await this.engine.deleteJob(jobId);
  }

  async deleteMetrics(jobId: string): Promise<void> {
    this.throwIfClosed();
    await this.engine.deleteMetrics(jobId);
  }

  async endJob(jobId: string, end: JobEnd): Promise<void> {
    this.throwIfClosed();
    checkJobId(jobId);
    await this.engine.endJob(jobId, end);
  }

  async durableSources(): Promise<readonly WriteSource[]> {
    this.throwIfClosed();
    return this.engine.durableSources();
  }

  async *listJobs(query: JobListQuery = {}): AsyncGenerator<JobInfo> {
    const { prefix = '', afterJobId = '' } = query;
    const found: JobInfo[] = [];
    for (const jobId of this.engine.jobIds()) {
      this.throwIfClosed();
      if (!jobId.startsWith(prefix) || jobId <= afterJobId) continue;
      const job = await this.infoOf(jobId);
      if (!job || !matchesJobList(job, query)) continue;
      if (query.sort === 'newest') found.push(job);
      else yield job;
    }
    this.throwIfClosed();
    yield* found.sort(compareJobs(query.sort));
  }

  async getJobInfo(jobId: string): Promise<JobInfo> {
    this.throwIfClosed();
    checkJobId(jobId);
    const info = await this.engine.jobInfo(jobId);
    if (!info) throw StorageError.jobNotFound(jobId);
    return info;
  }

  async stats(): Promise<StoreStats> {
    this.throwIfClosed();
    const stats = { jobs: 0n, logRows: 0n, metricRows: 0n, sizeBytes: 0n };
    for (const jobId of this.engine.jobIds()) {
      const info = await this.infoOf(jobId);
      if (!info) continue;
      stats.jobs++;
      stats.logRows += info.stdout.rows + info.stderr.rows;
      stats.metricRows += info.metrics.rows;
      stats.sizeBytes += info.sizeBytes;
    }
    return stats;
  }

  async cleanup(request: CleanupRequest): Promise<CleanupReport> {
    this.throwIfClosed();
    return this.engine.cleanup(request);
  }

  figures(): EngineFigures {
    return this.engine.figures();
  }

  async flush(): Promise<void> {
    this.throwIfClosed();
    await this.engine.sealAll();
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async closeOnce(): Promise<void> {
    try {
      this.reader.close();
      await this.engine.close();
    } finally {
      await this.lock.release();
    }
  }

  private async infoOf(jobId: string): Promise<JobInfo | undefined> {
    return this.engine.jobInfo(jobId).catch((error: unknown) => ifListed(jobId, error));
  }

  private throwIfClosed(): void {
    if (this.closing) throw StorageError.closed();
  }
}

/** What keeps all jobs from being read, not the one that it happened to. */
const OF_ALL = new Set(['EMFILE', 'ENFILE', 'ENOMEM']);

/** A job whose files cannot be read is listed with nothing but a gap: it must not hide all others. */
function ifListed(jobId: string, error: unknown): JobInfo | undefined {
  const code = error instanceof StorageError ? errorCode(error.cause) : undefined;
  if (code === undefined || OF_ALL.has(code)) throw error;
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

function onceForEachJob(onEvent: (event: LocalStoreEvent) => void): (jobId: string, rows: number) => void {
  const told = new Set<string>();
  return (jobId, rows) => {
    if (told.has(jobId)) return;
    told.add(jobId);
    onEvent({ type: 'foreign-job-id', jobId, rows });
  };
}
