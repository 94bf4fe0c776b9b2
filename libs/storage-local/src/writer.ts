import { StorageError, type LogBatch, type MetricBatch } from '@joblet/storage';
import { eachLimited } from './each-limited.js';
import { toStorageError } from './errors.js';
import { appendDurably, fileLength, removeDirectories, undoAppends, type Append } from './file-commit.js';
import { encodeMember } from './gzip-member.js';
import type { FileBefore, Intent, IntentFile } from './intent.js';
import type { JobFile, Layout } from './layout.js';
import { FILES_AT_ONCE, JOBS_REMEMBERED_MAX } from './limits.js';
import { draftLogs, draftMetrics, type MemberDraft } from './member-drafts.js';
import type { Visibility } from './visibility.js';

export interface WriterOptions {
  readonly content: 'text' | 'base64';
  readonly level: number;
  /** The ordinal of the job's next row, from its files. */
  readonly findNextOrdinal: (area: JobFile['area'], jobId: string) => Promise<bigint>;
}

interface DraftFile extends JobFile {
  readonly members: readonly MemberDraft[];
}

/**
 * Writes and deletes, one after the other in the order of the calls. A batch touches several files: the intent file
 * makes it all or nothing, also over a crash, and `visibleLength` hides from readers what is not all there yet.
 */
export class Writer implements Visibility {
  private readonly layout: Layout;
  private readonly intents: IntentFile;
  private readonly options: WriterOptions;
  private last: Promise<unknown> = Promise.resolve();
  private readonly nextOrdinals = new Map<string, bigint>();
  private readonly lengthsBefore = new Map<string, number>();
  private readonly beingWritten = new Set<string>();
  private beingDeleted: string | undefined;
  private needsRecovery = false;

  constructor(layout: Layout, intents: IntentFile, options: WriterOptions) {
    this.layout = layout;
    this.intents = intents;
    this.options = options;
  }

  writeLogs(batch: LogBatch): Promise<void> {
    return this.inOrder('writing logs', () => this.write('logs', batch));
  }

  writeMetrics(batch: MetricBatch): Promise<void> {
    return this.inOrder('writing metrics', () => this.write('metrics', batch));
  }

  /** `exists` is asked when the writes before are done. */
  deleteJob(jobId: string, exists: () => boolean): Promise<void> {
    return this.inOrder(`deleting job ${jobId}`, async () => {
      if (!exists()) throw StorageError.jobNotFound(jobId);
      const intent: Intent = { kind: 'delete', jobId };
      this.needsRecovery = true;
      await this.intents.begin(intent);
      this.beingDeleted = jobId;
      await this.finish(intent);
    });
  }

  /** Undoes or carries through what a crash, or a failure, left half done. Resolves to what it was. */
  async recover(): Promise<Intent | undefined> {
    const intent = await this.intents.read();
    if (intent) await this.finish(intent);
    else this.settle();
    return intent;
  }

  visibleLength(path: string): number | undefined {
    return this.lengthsBefore.get(path);
  }

  isBeingWritten(jobId: string): boolean {
    return this.beingWritten.has(jobId);
  }

  isBeingDeleted(jobId: string): boolean {
    return this.beingDeleted === jobId;
  }

  /** Resolves when all that was asked for before has ended. */
  async idle(): Promise<void> {
    await this.last;
  }

  private inOrder(doing: string, work: () => Promise<void>): Promise<void> {
    const done = this.last.then(async () => {
      try {
        if (this.needsRecovery) await this.recover();
        await work();
      } catch (error) {
        throw toStorageError(error, doing);
      }
    });
    this.last = done.catch(() => undefined);
    return done;
  }

  private async write(area: JobFile['area'], batch: LogBatch | MetricBatch): Promise<void> {
    const nextOrdinals = new Map<string, bigint>();
    const drafts: DraftFile[] = [];
    for (const [jobId, rows] of batch.byJob()) {
      const first = await this.nextOrdinal(area, jobId);
      nextOrdinals.set(ordinalKey(area, jobId), first + BigInt(rows.length));
      const files =
        rows.kind === 'logs' ? draftLogs(rows, first, this.options.content) : draftMetrics(rows, first);
      for (const file of files) drafts.push({ area, jobId, ...file });
    }
    await this.append(drafts);
    if (this.nextOrdinals.size + nextOrdinals.size > JOBS_REMEMBERED_MAX) this.nextOrdinals.clear();
    for (const [key, ordinal] of nextOrdinals) this.nextOrdinals.set(key, ordinal);
  }

  private async append(drafts: readonly DraftFile[]): Promise<void> {
    const files: FileBefore[] = [];
    const appends: Append[] = [];
    await eachLimited(drafts, FILES_AT_ONCE, async ({ area, jobId, fileName, members }) => {
      const path = this.layout.path({ area, jobId, fileName });
      const length = await fileLength(path);
      const encoded: Buffer[] = [];
      for (const { text, extra } of members)
        encoded.push(await encodeMember(text, extra, this.options.level));
      files.push({ area, jobId, fileName, length });
      appends.push({ path, isNew: length === 0, members: encoded });
    });
    const intent: Intent = { kind: 'append', files };
    this.needsRecovery = true;
    for (const file of files) {
      this.lengthsBefore.set(this.layout.path(file), file.length);
      this.beingWritten.add(file.jobId);
    }
    try {
      await this.intents.begin(intent);
      await appendDurably(appends);
      await this.intents.end();
    } catch (error) {
      // The intent stays if this fails too: the next write, or the next start, tries again.
      await this.finish(intent).catch(() => undefined);
      throw error;
    }
    this.settle();
  }

  private async finish(intent: Intent): Promise<void> {
    if (intent.kind === 'append') {
      await undoAppends(intent.files.map((file) => ({ path: this.layout.path(file), length: file.length })));
    } else {
      await removeDirectories(this.layout.directories(intent.jobId));
      this.nextOrdinals.delete(ordinalKey('logs', intent.jobId));
      this.nextOrdinals.delete(ordinalKey('metrics', intent.jobId));
    }
    await this.intents.end();
    this.settle();
  }

  /** Nothing is under way any more: readers see the files as they are. */
  private settle(): void {
    this.needsRecovery = false;
    this.lengthsBefore.clear();
    this.beingWritten.clear();
    this.beingDeleted = undefined;
  }

  private async nextOrdinal(area: JobFile['area'], jobId: string): Promise<bigint> {
    return (
      this.nextOrdinals.get(ordinalKey(area, jobId)) ?? (await this.options.findNextOrdinal(area, jobId))
    );
  }
}

function ordinalKey(area: JobFile['area'], jobId: string): string {
  return `${area}/${jobId}`;
}
