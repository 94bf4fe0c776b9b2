import type { BlockBuilder } from '../block/block-builder.js';
import type { BuiltBlock } from '../block/block-builder.js';
import type { FileCalls } from '../disk/file-calls.js';
import type { IndexedFile } from '../block-index/block-index.js';
import type { BlockIndexes as ReadIndexes } from '../read/block-plan.js';

/** What an operator may want to know. */
export type EngineEvent =
  /** A start found rows in the log, in runs or in files that were not finished. */
  | { readonly type: 'recovered'; readonly rows: number; readonly deletions: number }
  /** The log ended in a record that was not written whole: nobody was told that it was stored. */
  | { readonly type: 'torn-tail'; readonly path: string; readonly bytes: number }
  /** A part of the log is lost: rows in it that were in no file are missing, as gaps. */
  | { readonly type: 'log-hole'; readonly from: bigint; readonly to: bigint; readonly reason: string }
  | { readonly type: 'foreign-segment'; readonly path: string; readonly reason: string }
  /** A write or sync of the log failed; it goes on in a new segment. */
  | { readonly type: 'segment-failed'; readonly path: string; readonly error: unknown }
  /** The job index was missing or damaged: jobs are looked at when they are asked for. */
  | { readonly type: 'job-index-rebuilt'; readonly path: string; readonly reason: string }
  /** Rows of this job, or of any, were in it that are in no file: those that the log does not have are missing, as gaps. */
  | {
      readonly type: 'run-damaged';
      readonly path: string;
      readonly reason: string;
      readonly jobId?: string;
      readonly area?: 'logs' | 'metrics';
    }
  /** A run of another store is among those of this one: it is not used, and left where it is. */
  | { readonly type: 'foreign-run'; readonly path: string; readonly reason: string }
  /** Files of the job could not be looked at when the store was opened: its rows stay in the log and in runs until the next time. */
  | {
      readonly type: 'job-unread';
      readonly jobId: string;
      readonly area: 'logs' | 'metrics';
      readonly error: unknown;
    }
  /** Files of the job cannot be written: its rows stay in the log and in runs, and are tried again. */
  | {
      readonly type: 'job-parked';
      readonly jobId: string;
      readonly area: 'logs' | 'metrics';
      readonly error: unknown;
    }
  | { readonly type: 'job-unparked'; readonly jobId: string; readonly area: 'logs' | 'metrics' }
  /** A sync failed: what was not synced before is written again from the log. */
  | { readonly type: 'sync-failed'; readonly path: string; readonly error: unknown }
  /** The store was closed before all rows were in the files of their jobs: these are in a run, and go there after the next start. */
  | { readonly type: 'rows-left'; readonly jobs: number; readonly rows: number }
  /** Something in the background failed, and will be tried again. */
  | { readonly type: 'background-failed'; readonly doing: string; readonly error: unknown }
  /** Told once for each job: rows of its oldest file are gone, since it had more than it may have. */
  | {
      readonly type: 'rotated-away';
      readonly jobId: string;
      readonly area: 'logs' | 'metrics';
      readonly rows: bigint;
      readonly bytes: bigint;
    }
  | { readonly type: 'space-low'; readonly freeBytes: number; readonly reserveBytes: number }
  | { readonly type: 'space-back'; readonly freeBytes: number };

/** When a file is put aside, and how many of those are kept. Absent: never, all. */
export interface Rotations {
  readonly logs?: RotationLimits;
  readonly metrics?: RotationLimits;
}

export interface RotationLimits {
  /** Of a data file on the disk; a block may be larger. */
  readonly maxBytes: number;
  /** Rotated files of a stream, beside the one that is appended to; 0: all are kept. */
  readonly maxFiles: number;
  /** Whether plain files are compressed, in the background, once they are put aside. Default false. */
  readonly compress?: boolean;
}

export interface EngineOptions {
  readonly baseDirectory: string;
  readonly logsDirectory: string;
  readonly metricsDirectory: string;
  readonly content: 'text' | 'base64';
  /** False: new rows go to plain files. */
  readonly compression: Readonly<Record<'logs' | 'metrics', boolean>>;
  readonly compressionLevel: number;
  readonly sync: 'always' | 'interval' | 'never';
  readonly syncIntervalMs: number | undefined;
  readonly memoryBytes: number;
  readonly blockBytes: number;
  readonly sealIdleMs: number;
  readonly endedIdleMs: number;
  readonly rotation: Rotations;
  readonly segmentBytes: number | undefined;
  readonly reserveBytes: number | undefined;
  readonly builder: BlockBuilder;
  /** Closed by the engine. */
  readonly calls: FileCalls;
  readonly indexes: BlockIndexes;
  readonly onEvent: (event: EngineEvent) => void;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What writes the index beside a data file. Never throws. */
export interface BlockIndexes extends ReadIndexes {
  append(
    file: IndexedFile,
    blocks: readonly (Pick<BuiltBlock, 'summary' | 'filter'> & {
      readonly offset: number;
      readonly length: number;
    })[],
  ): Promise<void>;
  drop(path: string): Promise<void> | void;
  /** The data file `from` now is `to`. */
  rename(from: string, to: string): Promise<void>;
}
