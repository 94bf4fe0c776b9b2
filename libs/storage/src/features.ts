import type { LogStore, WriteSource } from './log-store.js';

/** What a store can do, as data. The conformance suite expects exactly what is declared here. */
export interface Supports {
  /** Rows survive the process: a store that is opened again has them. */
  readonly durable: boolean;
  /** `listJobs` and `getJobInfo`. */
  readonly listJobs: boolean;
  /** `stats`. */
  readonly stats: boolean;
  /** `cleanup`. */
  readonly retention: boolean;
  /** `deleteMetrics`. */
  readonly deleteMetrics: boolean;
  /**
   * A batch whose source has a lower epoch than the producer's highest stored one, or that epoch and not a higher
   * frame, is not stored again, also when its job was deleted since; its write resolves all the same.
   * `durableSources` tells what was stored. A batch without a source is always stored.
   */
  readonly idempotentWrites: boolean;
  /** `endJob`. */
  readonly endRecords: boolean;
}

export interface JobCatalog {
  /** Jobs that match, by id or newest first, one by one: the caller stops when it has enough. */
  listJobs(query?: JobListQuery): AsyncIterable<JobInfo>;
  /** JOB_NOT_FOUND if nothing is known of the job. */
  getJobInfo(jobId: string): Promise<JobInfo>;
}

export interface StatsSource {
  stats(): Promise<StoreStats>;
}

export interface Retention {
  /** Removes what is older than asked, or only tells what would go. */
  cleanup(request: CleanupRequest): Promise<CleanupReport>;
}

export interface MetricsDeletion {
  /** As `deleteJob`, for the metrics alone; the job stays known if it has anything else. */
  deleteMetrics(jobId: string): Promise<void>;
}

export interface IdempotentWrites {
  /** The highest stored epoch of each producer, and the highest frame of that epoch. */
  durableSources(): Promise<readonly WriteSource[]>;
}

export interface EndRecords {
  /**
   * Records that the job's output is complete; the last record counts. A job of which only this is known has no
   * rows, and is no error to read. Rows of either kind may still follow: the job has then not ended.
   */
  endJob(jobId: string, end: JobEnd): Promise<void>;
}

/** The methods behind each capability; a store has them if, and only if, `supports` says so. */
export interface FeatureMethods {
  listJobs: JobCatalog;
  stats: StatsSource;
  retention: Retention;
  deleteMetrics: MetricsDeletion;
  idempotentWrites: IdempotentWrites;
  endRecords: EndRecords;
}

export type Feature = keyof FeatureMethods;

export function hasFeature<Name extends Feature>(
  store: LogStore,
  feature: Name,
): store is LogStore & FeatureMethods[Name] {
  return store.supports[feature] === true;
}

export interface JobListQuery {
  /** Only ids that start with this. */
  readonly prefix?: string;
  /** Only ids behind this one, in the order of the bytes: the next page of a listing by id. */
  readonly afterJobId?: string;
  /** Only jobs whose rows' times overlap the range: Unix nanoseconds, both inclusive. */
  readonly startTime?: bigint;
  readonly endTime?: bigint;
  /** Default: by id, in the order of the bytes. `newest`: by `lastTime`, newest first, then by id. */
  readonly sort?: 'id' | 'newest';
}

export interface RowStats {
  readonly rows: bigint;
  /** Bytes of content; 0 for metrics. */
  readonly bytes: bigint;
}

export interface JobInfo {
  readonly jobId: string;
  /** Unix nanoseconds of the oldest and the newest row; 0n when the job has no row. */
  readonly firstTime: bigint;
  readonly lastTime: bigint;
  readonly stdout: RowStats;
  readonly stderr: RowStats;
  readonly metrics: RowStats;
  /** What the job takes in the store's medium, as far as the store knows. */
  readonly sizeBytes: bigint;
  /** Known missing pieces. */
  readonly gaps: number;
  /** Absent: not known to have ended. */
  readonly end?: JobEnd;
}

export interface JobEnd {
  /** Unix nanoseconds. */
  readonly time: bigint;
  readonly exitCode?: number;
}

export interface StoreStats {
  readonly jobs: bigint;
  readonly logRows: bigint;
  readonly metricRows: bigint;
  readonly sizeBytes: bigint;
}

/**
 * A job's logs (metrics) go when the later of its newest log row's (metric row's) time and the last arrival of one is
 * before the time given. What the job still gets is numbered on from there. A job that has lost all its rows and has
 * no end record is forgotten: it starts anew at ordinal 0.
 */
export interface CleanupRequest {
  /** Unix nanoseconds. Absent: logs stay. */
  readonly logsBefore?: bigint;
  readonly metricsBefore?: bigint;
  /** Only tell. */
  readonly dryRun?: boolean;
}

export interface CleanupReport {
  /** Jobs that lost something. */
  readonly jobs: readonly string[];
  readonly logRows: bigint;
  readonly metricRows: bigint;
}
