/** A block of a file: a gzip member, an entry of an index, a record of the log, a piece of a run. */
export interface FileBlock {
  /** Bytes in the file. */
  readonly offset: number;
  readonly length: number;
  /** Absent below: not known, or not said there. */
  readonly rows?: number;
  readonly firstOrdinal?: bigint;
  readonly lastOrdinal?: bigint;
  /** Unix nanoseconds. */
  readonly timeMin?: bigint;
  readonly timeMax?: bigint;
  readonly contentBytes?: bigint;
  /** Of the rows, not compressed. */
  readonly textBytes?: number;
  /** For a person: whose it is, or what it is for. */
  readonly what?: string;
  /** Its checksum is wrong, or what it says cannot be; absent: all right. */
  readonly problem?: string;
}

export interface Problem {
  readonly path: string;
  readonly problem: string;
  /** Of an index: it costs time, no row, and is made anew by `repair`. */
  readonly ofIndex?: boolean;
  /** Rows that are missing here. */
  readonly missingRows?: bigint;
  /** It was, and is no more. */
  readonly repaired?: boolean;
}

/** What is found, in this order: what all jobs share, the log, the runs, jobs by id, orphans, the sum. */
export type VerifyReport = StoreReport | LogReport | RunReport | JobReport | OrphanReport | TotalReport;

/** What is wrong with the job index and with folders that no job has for itself; only when something is. */
export interface StoreReport {
  readonly kind: 'store';
  readonly problems: readonly Problem[];
}

export interface LogReport {
  readonly kind: 'log';
  readonly path: string;
  readonly segments: number;
  readonly records: number;
  readonly rows: number;
  readonly bytes: number;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

export interface RunReport {
  readonly kind: 'run';
  readonly path: string;
  readonly pieces: number;
  readonly rows: number;
  readonly problems: readonly Problem[];
}

export interface FileReport {
  readonly path: string;
  /** 1 stdout, 2 stderr, 0 metrics. */
  readonly stream: number;
  readonly bytes: number;
  readonly blocks: number;
  readonly rows: number;
  readonly contentBytes: bigint;
  /** `part`: not as far as the file; `none`: never made, of another version, or not to be made for this file. Both cost time only. */
  readonly index: 'whole' | 'part' | 'none' | 'wrong';
}

export interface JobReport {
  readonly kind: 'job';
  readonly jobId: string;
  readonly files: readonly FileReport[];
  readonly rows: number;
  /** Rows whose numbers are nowhere: not in a file, a run, or the log. */
  readonly missingRows: bigint;
  /** Places where rows are missing. */
  readonly gaps: number;
  readonly problems: readonly Problem[];
  /** What is worth a word and no damage. */
  readonly notes: readonly string[];
}

/** What belongs to nothing. */
export interface OrphanReport {
  readonly kind: 'orphan';
  readonly path: string;
  readonly what: string;
  /** Removed, by `repair`. */
  readonly removed: boolean;
}

export interface TotalReport {
  readonly kind: 'total';
  readonly jobs: number;
  readonly damagedJobs: number;
  /** In files: those of runs and of the log are in their reports. */
  readonly rows: number;
  readonly missingRows: bigint;
  readonly gaps: number;
  readonly bytes: number;
  /** Those that were not repaired. */
  readonly problems: number;
  readonly repaired: number;
  readonly orphans: number;
}
