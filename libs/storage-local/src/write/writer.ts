import { setImmediate } from 'node:timers/promises';
import { StorageError, type LogBatch, type MetricBatch } from '@joblet/storage';
import { eachLimited } from '../disk/each-limited.js';
import { toStorageError } from '../errors.js';
import { appendDurably, fileLength, removeDirectories, undoAppends, type Append } from './file-commit.js';
import { encodeMember } from '../format/gzip-member.js';
import type { FileBefore, Intent, IntentFile } from './intent.js';
import type { JobFile, Layout } from '../format/layout.js';
import { FILES_AT_ONCE, JOBS_DRAFTED_AT_ONCE, ORDINALS_REMEMBERED_MAX } from '../limits.js';
import { MemberDrafts, type MemberDraft } from './member-drafts.js';
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
  /** What failed, or is under way: undone or carried through before anything else is written. */
  private pending: Intent | undefined;

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
      this.pending = { kind: 'delete', jobId };
      await this.intents.begin(this.pending);
      this.beingDeleted = jobId;
      await this.finish(this.pending);
    });
  }

  /** Undoes or carries through what a crash left half done. Resolves to what it was. */
  async recover(): Promise<Intent | undefined> {
    const intent = await this.intents.read();
    if (intent) await this.finish(intent);
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
        if (this.pending) await this.repeat(this.pending);
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
    const files: DraftFile[] = [];
    const drafts = new MemberDrafts(this.options.content);
    let jobs = 0;
    for (const [jobId, rows] of batch.byJob()) {
      if (++jobs % JOBS_DRAFTED_AT_ONCE === 0) await setImmediate();
      const first = await this.nextOrdinal(area, jobId);
      nextOrdinals.set(ordinalKey(area, jobId), first + BigInt(rows.length));
      const drafted = rows.kind === 'logs' ? drafts.logs(rows, first) : drafts.metrics(rows, first);
      for (const file of drafted) files.push({ area, jobId, ...file });
    }
    await this.append(files);
    for (const [key, ordinal] of nextOrdinals) this.remember(key, ordinal);
  }

  /** The least recently written is forgotten first. */
  private remember(key: string, ordinal: bigint): void {
    this.nextOrdinals.delete(key);
    this.nextOrdinals.set(key, ordinal);
    if (this.nextOrdinals.size <= ORDINALS_REMEMBERED_MAX) return;
    const [oldest] = this.nextOrdinals.keys();
    this.nextOrdinals.delete(oldest);
  }

  private async append(drafts: readonly DraftFile[]): Promise<void> {
    const files: FileBefore[] = [];
    const appends: Append[] = [];
    await eachLimited(drafts, FILES_AT_ONCE, async ({ area, jobId, fileName, members }) => {
      const path = this.layout.path({ area, jobId, fileName });
      const length = await fileLength(path);
      const encoded = await Promise.all(
        members.map(({ text, extra }) => encodeMember(text, extra, this.options.level)),
      );
      files.push({ area, jobId, fileName, length });
      appends.push({ path, isNew: length === 0, members: encoded });
    });
    const intent: Intent = { kind: 'append', files };
    this.pending = intent;
    for (const file of files) {
      this.lengthsBefore.set(this.layout.path(file), file.length);
      this.beingWritten.add(file.jobId);
    }
    try {
      await this.intents.begin(intent);
      await appendDurably(appends);
      await this.intents.end();
    } catch (error) {
      // The intent stays if this fails too: the next call, or the next start, tries again.
      await this.repeat(intent).catch(() => undefined);
      throw error;
    }
    this.settle();
  }

  /** As `finish`, when it is not known whether the file still has the intent. */
  private async repeat(intent: Intent): Promise<void> {
    await this.intents.begin(intent);
    if (intent.kind === 'delete') this.beingDeleted = intent.jobId;
    await this.finish(intent);
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
    this.pending = undefined;
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
