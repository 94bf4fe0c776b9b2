import type { Gap } from '@joblet/storage';
import { isPlainFile } from '../format/file-names.js';
import { FILES_HELD_MAX, WHOLE_TEXT_BYTES_MAX } from '../limits.js';
import type { AreaView, LostView, PendingRows } from './area-view.js';
import type { ByteSource } from './byte-source.js';
import { closeAll } from './close-all.js';
import { FileSnapshot } from './file-snapshot.js';
import { JoinedBytes } from './joined-bytes.js';
import { PendingMembers } from './pending-members.js';
import { plainMembers } from './plain-members.js';
import { planSources, type JobPlan } from './source-plan.js';
import type { Checkpoint } from './turns.js';
import { openBytesSync } from './viewed-bytes.js';

/** The files of one stream, open, oldest first; and where its rows go that are in no file yet. */
export interface OpenStream {
  /** Whose rows it holds; 0 for metrics. */
  readonly stream: number;
  readonly path: string;
  readonly files: readonly ByteSource[];
}

/** The logs, or the metrics, of a job as they were at one moment. */
export class AreaSnapshot {
  readonly jobId: string;
  /** For what is in the place of a file and is none. */
  readonly gaps: readonly Gap[];
  readonly streams: readonly OpenStream[];
  readonly lost: readonly LostView[];
  readonly pending: readonly PendingRows[];
  private readonly release: () => void;
  private planned: Promise<JobPlan> | undefined;

  private constructor(jobId: string, streams: readonly OpenStream[], gaps: readonly Gap[], view: AreaView) {
    this.jobId = jobId;
    this.streams = streams;
    this.gaps = gaps;
    this.lost = view.lost ?? [];
    this.pending = view.pending;
    this.release = () => view.release();
  }

  /** In the turn of the event loop in which the view was taken. Takes over the view, also when it throws. */
  static openSync(jobId: string, view: AreaView): AreaSnapshot {
    const streams = new Map<number, { stream: number; path: string; files: ByteSource[] }>();
    const gaps: Gap[] = [];
    try {
      const paths = new Map<number, number>();
      for (const { stream } of view.files) paths.set(stream, (paths.get(stream) ?? 0) + 1);
      for (const { path, stream, length } of view.files) {
        const opened = streams.get(stream) ?? { stream, path, files: [] };
        streams.set(stream, opened);
        const left = paths.get(stream)!;
        paths.set(stream, left - 1);
        const file = openBytesSync(path, length, left <= FILES_HELD_MAX);
        if (typeof file === 'string') {
          const reason = `there is no file, but ${file}: ${path}`;
          gaps.push({ kind: 'gap', stream, afterOrdinal: -1n, reason });
        } else if (file) {
          opened.files.push(file);
          opened.path = path;
        }
      }
    } catch (error) {
      // What failed first is what counts.
      closeAll([...streams.values()].flatMap(({ files }) => files)).catch(() => undefined);
      view.release();
      throw error;
    }
    return new AreaSnapshot(jobId, [...streams.values()], gaps, view);
  }

  /** In which order what is there is to be read; looked at once, however often it is read. */
  plan(checkpoint: Checkpoint): Promise<JobPlan> {
    this.planned ??= this.planOnce(checkpoint);
    return this.planned;
  }

  /** Of the files. */
  get sizeBytes(): number {
    return this.streams.reduce((sum, { files }) => files.reduce((bytes, { size }) => bytes + size, sum), 0);
  }

  async close(): Promise<void> {
    try {
      await closeAll(this.streams.flatMap(({ files }) => files));
    } finally {
      this.release();
    }
  }

  private async planOnce(checkpoint: Checkpoint): Promise<JobPlan> {
    const byStream = new Map(this.streams.map((open) => [open.stream, open]));
    const pending = await new PendingMembers(this.pending, checkpoint).sources(
      (stream) => byStream.get(stream)?.path ?? `stream ${stream} of job ${this.jobId}`,
    );
    const files: { readonly file: FileSnapshot; readonly stream: number }[] = [];
    for (const stream of new Set([...byStream.keys(), ...pending.keys()])) {
      const parts: ByteSource[] = [];
      for (const file of byStream.get(stream)?.files ?? [])
        parts.push(isPlainFile(file.path) ? await plainMembers(file, checkpoint) : file);
      parts.push(...(pending.get(stream) ?? []));
      if (parts.length === 0) continue;
      const { path } = parts[parts.length - 1];
      const source = parts.length === 1 ? parts[0] : new JoinedBytes(path, parts);
      files.push({ file: new FileSnapshot(source), stream });
    }
    return planSources(files, { wants: () => true, wholeTextBytesMax: WHOLE_TEXT_BYTES_MAX, checkpoint });
  }
}
