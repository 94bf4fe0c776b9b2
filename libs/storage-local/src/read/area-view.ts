import type { LogBatch, MetricBatch } from '@joblet/storage';

/** The logs, or the metrics, of one job as they are at one moment: what is in its files, then what is not yet there. */
export interface AreaView {
  /** The files that count, oldest first; of one stream their order is that of the ordinals. */
  readonly files: readonly ViewedFile[];
  /** Rows that were taken away on purpose; their ordinals are no other loss. */
  readonly lost?: readonly LostView[];
  /** Behind all rows of the files (of the same stream), ascending by ordinal, with ordinals. */
  readonly pending: readonly PendingRows[];
  /** Lets go of what the view holds on to; must be called once. */
  release(): void;
}

/** The oldest rows of a stream, which are gone. */
export interface LostView {
  readonly stream: number;
  readonly rows: bigint;
  /** Of content. */
  readonly bytes: bigint;
  readonly lastOrdinal: bigint;
  /** For a person. */
  readonly reason: string;
}

export interface ViewedFile {
  readonly path: string;
  /** 1 stdout, 2 stderr, 0 metrics. */
  readonly stream: number;
  /** Bytes that count; undefined: all that are there. */
  readonly length: number | undefined;
}

/** Durable rows that are not in their job's file: in memory, or in a run on the disk. */
export interface PendingRows {
  readonly firstOrdinal: bigint;
  readonly lastOrdinal: bigint;
  readonly timeMin: bigint;
  readonly timeMax: bigint;
  readonly rows: number;
  /** With ordinals. */
  load(): Promise<LogBatch | MetricBatch>;
}

/** What a reader asks the engine. */
export interface StoreView {
  /** In one turn of the event loop. Undefined: nothing is known of the job. */
  view(jobId: string, areas: readonly ('logs' | 'metrics')[]): JobView | undefined;
}

export interface JobView {
  readonly logs: AreaView | undefined;
  readonly metrics: AreaView | undefined;
}
