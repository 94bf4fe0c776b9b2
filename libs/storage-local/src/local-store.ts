import { join, resolve } from 'node:path';
import { checkJobId, StorageError, type JobCatalog, type LogStore, type Supports } from '@joblet/storage';
import { toStorageError } from './errors.js';
import { IntentFile } from './write/intent.js';
import { Layout } from './format/layout.js';
import { COMPRESSION_LEVEL_DEFAULT } from './limits.js';
import { ownDirectories } from './disk/own-directories.js';
import type { OwnerLock } from './disk/owner-lock.js';
import { Reader } from './read/reader.js';
import { Writer } from './write/writer.js';

export interface LocalStoreOptions {
  /** Holds `logs/`, `metrics/` and the store's own `.joblet/`. Made (0700) when missing. */
  readonly baseDirectory: string;
  /** Default: `logs` in the base directory. */
  readonly logsDirectory?: string;
  /** Default: `metrics` in the base directory. */
  readonly metricsDirectory?: string;
  /** How log content is stored: `text` (default) as a JSON string when it is UTF-8; `base64` always, as Go does. */
  readonly content?: 'text' | 'base64';
  /** zlib level, 1 to 9. Default 3. */
  readonly compressionLevel?: number;
  readonly onEvent?: (event: LocalStoreEvent) => void;
}

/** What an operator may want to know. */
export type LocalStoreEvent =
  /** A write that had not ended when the process died was undone, or a delete carried through. */
  | { readonly type: 'recovered'; readonly intent: 'append' | 'delete' }
  /** Told once for each job: rows whose own job id is another than the directory's, which counts. */
  | { readonly type: 'foreign-job-id'; readonly jobId: string; readonly rows: number };

export const LOCAL_SUPPORTS: Supports = {
  durable: true,
  listJobs: true,
  stats: false,
  retention: false,
  deleteMetrics: false,
  idempotentWrites: false,
  endRecords: false,
};

/**
 * Opens the store; what a crash left half done is undone or carried through first. Rejects with StorageError
 * UNAVAILABLE when a directory cannot be made, read or written, or when another process has the store open.
 */
export async function openLocalStore(options: LocalStoreOptions): Promise<LogStore & JobCatalog> {
  const baseDirectory = resolve(options.baseDirectory);
  const logsDirectory = resolve(options.logsDirectory ?? join(baseDirectory, 'logs'));
  const metricsDirectory = resolve(options.metricsDirectory ?? join(baseDirectory, 'metrics'));
  const onEvent = options.onEvent ?? (() => undefined);
  try {
    const lock = await ownDirectories({
      base: baseDirectory,
      logs: logsDirectory,
      metrics: metricsDirectory,
    });
    try {
      const layout = new Layout(logsDirectory, metricsDirectory);
      const intents = await IntentFile.open(baseDirectory);
      const writer: Writer = new Writer(layout, intents, {
        content: options.content ?? 'text',
        level: options.compressionLevel ?? COMPRESSION_LEVEL_DEFAULT,
        findNextOrdinal: (area, jobId) => reader.nextOrdinal(area, jobId),
      });
      const reader = new Reader(layout, writer, onceForEachJob(onEvent));
      const recovered = await writer.recover();
      if (recovered) onEvent({ type: 'recovered', intent: recovered.kind });
      return new LocalStore(writer, reader, intents, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    throw toStorageError(error, `opening the local store in ${baseDirectory}`);
  }
}

class LocalStore implements LogStore, JobCatalog {
  readonly supports = LOCAL_SUPPORTS;
  private readonly writer: Writer;
  private readonly reader: Reader;
  private readonly intents: IntentFile;
  private readonly lock: OwnerLock;
  private closing: Promise<void> | undefined;

  constructor(writer: Writer, reader: Reader, intents: IntentFile, lock: OwnerLock) {
    this.writer = writer;
    this.reader = reader;
    this.intents = intents;
    this.lock = lock;
  }

  async writeLogs(...[batch]: Parameters<LogStore['writeLogs']>): Promise<void> {
    this.throwIfClosed();
    await this.writer.writeLogs(batch);
  }

  async writeMetrics(...[batch]: Parameters<LogStore['writeMetrics']>): Promise<void> {
    this.throwIfClosed();
    await this.writer.writeMetrics(batch);
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
    checkJobId(jobId);
    await this.writer.deleteJob(jobId, () => this.reader.exists(jobId));
  }

  listJobs(...[query = {}]: Parameters<JobCatalog['listJobs']>): ReturnType<JobCatalog['listJobs']> {
    return this.reader.listJobs(query);
  }

  async getJobInfo(jobId: string): ReturnType<JobCatalog['getJobInfo']> {
    checkJobId(jobId);
    return this.reader.jobInfo(jobId);
  }

  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async closeOnce(): Promise<void> {
    await this.writer.idle();
    this.reader.close();
    await this.intents.close();
    await this.lock.release();
  }

  private throwIfClosed(): void {
    if (this.closing) throw StorageError.closed();
  }
}

function onceForEachJob(onEvent: (event: LocalStoreEvent) => void): (jobId: string, rows: number) => void {
  const told = new Set<string>();
  return (jobId, rows) => {
    if (told.has(jobId)) return;
    told.add(jobId);
    onEvent({ type: 'foreign-job-id', jobId, rows });
  };
}
