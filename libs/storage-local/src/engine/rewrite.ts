import { renameSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../disk/sync-directory.js';
import { compressedFileOf, isPlainFile, temporaryFileOf } from '../format/file-names.js';
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
  /** The name of the new file. */
  readonly fileName: string;
}

/**
 * Rewrites the files of jobs that have ended, and plain files that were put aside: the same rows in full blocks, better compressed. One file
 * at a time, and only while nothing is being sealed. The new file takes the place of the old one when it is synced: a crash leaves either, or
 * both of a plain one, which findRotated mends; whoever reads the old one goes on.
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
        const facts = this.factsToRewrite(job, name, area, file);
        if (!facts) continue;
        const fileName = isPlainFile(file.fileName) ? compressedFileOf(file.fileName) : file.fileName;
        try {
          await this.rewrite({ job, name, area, file, facts, fileName });
        } catch (error) {
          // Its folder is gone.
          if (area.isGone) continue;
          // Not again before something has come.
          file.rewritten = facts.length;
          this.core.tellFailed(`rewriting the files of job ${job.jobId}`, error);
        }
      }
    }
  }

  /** What the file has; undefined: it is to stay as it is. */
  private factsToRewrite(job: Job, name: AreaName, area: Area, file: DataFile): FileFacts | undefined {
    if (area.busy || area.isGone || area.pauseMs > 0) return undefined;
    const { now, endedIdleMs, rotation } = this.core.options;
    const { counted, rewritten, fileName, number } = file;
    if (!counted || counted.rows === 0n) return undefined;
    if (isPlainFile(fileName)) {
      return number > 0 && rotation[name]?.compress && rewritten === 0 ? counted : undefined;
    }
    const isEnded = job.end !== undefined || now() - area.arrival >= endedIdleMs;
    if (!isEnded || hasPending(area)) return undefined;
    const isWorthIt =
      counted.length - rewritten >= Math.max(REWRITE_BYTES_MIN, counted.length / REWRITE_SHARE);
    return isWorthIt ? counted : undefined;
  }

  private async rewrite(candidate: Candidate): Promise<void> {
    const { job, name, file, facts, fileName } = candidate;
    const { table, options } = this.core;
    const { jobId } = job;
    const path = table.layout.path({ area: name, jobId, fileName: file.fileName });
    const target = table.layout.path({ area: name, jobId, fileName });
    const temporary = temporaryFileOf(target);
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
    const isPut =
      written.length < facts.length && (await this.put(candidate, { path, target, temporary }, written));
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

  private isWanted({ job, name, area, file, facts }: Candidate): boolean {
    return (
      !this.isStopped && area.files.includes(file) && this.factsToRewrite(job, name, area, file) === facts
    );
  }

  /** The new file takes the place of the old one. False when it is not wanted any more. */
  private async put(
    candidate: Candidate,
    { path, target, temporary }: { path: string; target: string; temporary: string },
    written: FileFacts,
  ): Promise<boolean> {
    const { files, options, sealer } = this.core;
    const { job, area, file, fileName } = candidate;
    if (!this.isWanted(candidate)) return false;
    let done: () => void = () => undefined;
    area.busy = new Promise((resolve) => (done = resolve));
    try {
      // What is in its place is durable: from here on, names are all that changes.
      await files.settle({ jobId: job.jobId, path, file });
      if (area.isGone) return false;
      renameSync(temporary, target);
      // In the same turn: a reader that looks now is told of the new file. Another object: a sync of the old one may still be under way.
      const put: DataFile = { ...file, fileName, counted: written, rewritten: written.length };
      area.files = area.files.map((other) => (other === file ? put : other));
      this.rewrittenFiles++;
      const isIndexed = options.indexes.rename(temporary, target);
      try {
        await syncDirectory(dirname(target));
        put.synced = written;
      } catch (error) {
        // Which of the two a crash would leave is not known.
        put.counted = put.synced = undefined;
        throw error;
      } finally {
        await isIndexed;
      }
      if (path !== target) await this.remove(path);
      return true;
    } finally {
      area.busy = undefined;
      done();
      sealer.pump();
    }
  }

  /** What a compressed file has taken the place of, durably. */
  private async remove(path: string): Promise<void> {
    const { files, options } = this.core;
    files.forget([path]);
    await rm(path, { force: true });
    await options.indexes.drop(path);
  }
}
