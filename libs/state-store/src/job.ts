/**
 * A stored job. `json` is the whole of it; the other fields are what stores look for, taken from there. Never changes:
 * an update gives another one.
 */
export interface Job {
  readonly uuid: string;
  /** Mostly one of JOB_STATUSES; '' when the job has none. */
  readonly status: string;
  /** '' when the job has none. */
  readonly nodeId: string;
  /** Whose job it is: '' for a daemon's, `rnx` for one of `rnx job run`. */
  readonly owner: string;
  /** Instants: `2025-11-20T00:53:20.123456789Z`, always UTC with nanoseconds, whose order as texts is that in time. */
  readonly createdAt: string;
  readonly updatedAt: string;
  /** As `createdAt`; '' when the job has none, or Go's zero time. */
  readonly startTime: string;
  readonly endTime: string;
  /** 1 when created, more with each change. */
  readonly version: number;
  /**
   * JSON of one line: known fields with keys in camelCase, unknown ones as they came, every value character for
   * character as it came; then `owner` unless it is '', `createdAt`, `updatedAt`, `version`.
   */
  readonly json: string;
}

/** A job as somebody sends it: checked. Made by `newJob`. */
export interface NewJob {
  readonly uuid: string;
  /** '' when it has none. */
  readonly nodeId: string;
  /** Undefined when it does not say. */
  readonly owner: string | undefined;
  /** JSON of each value by key, as in `Job.json`, in the order in which they came. */
  readonly fields: ReadonlyMap<string, string>;
}
