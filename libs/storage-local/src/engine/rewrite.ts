import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../disk/sync-directory.js';
import { isPlainFile, temporaryFileOf } from '../format/file-names.js';
import { REWRITE_BYTES_MIN, REWRITE_SHARE } from '../limits.js';
import type { EngineCore } from './engine-core.js';
import { hasPending, type Area, type DataFile, type FileFacts, type Job } from './job-table.js';
import type { AreaName } from './log-entry.js';
import { rewriteFile } from './rewrite-file.js';

interface Candidate {
  readonly job: Job;
  readonly name: AreaName;
  readonly area: Area;
  readonly file: DataFile;
  readonly facts: FileFacts;
}

/**
 * Rewrites the files of jobs that have ended: the same rows in full blocks, better compressed. One file at a time, and only while nothing is
 * being sealed. The new file takes the place of the old one when it is synced: a crash leaves either, and whoever reads the old one goes on.
 */
export class Rewriter {
  private readonly core: EngineCore;
  private running: Promise<void> | undefined;
  private isStopped = false;
  rewrittenFiles = 0;

  constructor(core: EngineCore) {
    this.core = core;
  }

  /** Looks for jobs that have ended, and rewrites what there is to rewrite. Resolves when there is nothing more. */
  run(): Promise<void> {
    this.running ??= this.rewriteAll().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Gives up what is under way. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  private async rewriteAll(): Promise<void> {
    for (const { job, name, area } of this.core.table.areas()) {
      for (const file of area.files) {
        if (this.isStopped) return;
        if (!this.isEnded(job, area) || !isWorthIt(file)) continue;
        try {
          await this.rewrite({ job, name, area, file, facts: file.counted });
        } catch (error) {
          // Its folder is gone.
          if (area.isGone) continue;
          // Not again before something has come.
          file.rewritten = file.counted.length;
          this.core.tellFailed(`rewriting the files of job ${job.jobId}`, error);
        }
      }
    }
  }

  private isEnded(job: Job, area: Area): boolean {
    if (area.busy || area.isGone || area.pauseMs > 0 || hasPending(area)) return false;
    const { now, endedIdleMs } = this.core.options;
    return job.end !== undefined || now() - area.arrival >= endedIdleMs;
  }

  private async rewrite(candidate: Candidate): Promise<void> {
    const { job, name, file, facts } = candidate;
    const { table, options } = this.core;
    const { jobId } = job;
    const path = table.layout.path({ area: name, jobId, fileName: file.fileName });
    const temporary = temporaryFileOf(path);
    const written = await rewriteFile({
      kind: name,
      content: options.content,
      file: { path, jobId, stream: file.stream },
      facts,
      temporary,
      builder: options.builder,
      indexes: options.indexes,
      goOn: () => this.quiet(candidate),
    });
    if (!written) {
      // Given up, or not a file to be rewritten.
      if (this.isWanted(candidate)) file.rewritten = facts.length;
      return;
    }
    const isPut = written.length < facts.length && (await this.put(candidate, path, temporary, written));
    if (isPut) return;
    if (this.isWanted(candidate)) file.rewritten = facts.length;
    await rm(temporary, { force: true });
    await options.indexes.drop(temporary);
  }

  /** Waits until nothing is being sealed; false: the file is not to be rewritten any more. */
  private async quiet(candidate: Candidate): Promise<boolean> {
    const { sealer } = this.core;
    while (this.isWanted(candidate) && sealer.isBusy) await sealer.progress();
    return this.isWanted(candidate);
  }

  private isWanted({ job, area, file, facts }: Candidate): boolean {
    const isThere = area.files.includes(file) && file.counted === facts;
    return !this.isStopped && isThere && this.isEnded(job, area);
  }

  /** The new file takes the place of the old one. False when it is not wanted any more. */
  private async put(
    candidate: Candidate,
    path: string,
    temporary: string,
    written: FileFacts,
  ): Promise<boolean> {
    const { files, options, sealer } = this.core;
    const { job, area, file } = candidate;
    if (!this.isWanted(candidate)) return false;
    let done: () => void = () => undefined;
    area.busy = new Promise((resolve) => (done = resolve));
    try {
      // What is in its place is durable: from here on, names are all that changes.
      await files.settle({ jobId: job.jobId, path, file });
      if (area.isGone) return false;
      renameSync(temporary, path);
      // In the same turn: a reader that looks now is told of the new file. Another object: a sync of the old one may still be under way.
      const put: DataFile = { ...file, counted: written, rewritten: written.length };
      area.files = area.files.map((other) => (other === file ? put : other));
      this.rewrittenFiles++;
      const isIndexed = options.indexes.rename(temporary, path);
      try {
        await syncDirectory(dirname(path));
        put.synced = written;
      } catch (error) {
        // Which of the two a crash would leave is not known.
        put.counted = put.synced = undefined;
        throw error;
      } finally {
        await isIndexed;
      }
      return true;
    } finally {
      area.busy = undefined;
      done();
      sealer.pump();
    }
  }
}

function isWorthIt(file: DataFile): file is DataFile & { counted: FileFacts } {
  const { counted, rewritten, fileName } = file;
  if (!counted || counted.rows === 0n || isPlainFile(fileName)) return false;
  return counted.length - rewritten >= Math.max(REWRITE_BYTES_MIN, counted.length / REWRITE_SHARE);
}
