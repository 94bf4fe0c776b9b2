import type { JobFilter } from './filter.js';
import type { Job, NewJob } from './job.js';

/**
 * Keeps jobs by their uuid. Every method rejects with StateStoreError; an argument that is not valid is
 * INVALID_ARGUMENT before anything is touched. Each change is atomic: of concurrent ones each sees the one before, also
 * when they come from several processes on one medium. A call that has resolved is seen by every later one; one that
 * rejects with UNAVAILABLE may still have happened.
 */
export interface StateStore extends AsyncDisposable {
  /** What this store can do; data that callers and the conformance suite read. */
  readonly supports: Supports;

  /** The stored job. JOB_EXISTS; see `applyCreate`. */
  create(job: NewJob, options?: CreateOptions): Promise<Job>;

  /** JOB_NOT_FOUND. */
  get(uuid: string): Promise<Job>;

  /**
   * Replaces the fields that every daemon knows; of the others, those that the update does not have stay. null removes a
   * field. JOB_NOT_FOUND, LOCK_FAILED; see `applyUpdate`.
   */
  update(job: NewJob, options?: UpdateOptions): Promise<Job>;

  /** JOB_NOT_FOUND, LOCK_FAILED. For TOMBSTONE_MS no update creates the job again. */
  delete(uuid: string, options?: DeleteOptions): Promise<void>;

  /** One page of the jobs that match. */
  list(filter?: JobFilter): Promise<JobPage>;

  /**
   * Creates or updates the given jobs, and removes those of the scope that are not among them; nothing else is touched.
   * All at once as far as `supports.atomicSync` says so. `resolveSync` makes both arguments.
   */
  sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts>;

  /** Asks the medium. Does not reject, not even when the store is closed. */
  healthCheck(): Promise<Health>;

  /** Waits for the calls under way. Later ones reject with CLOSED. May be called twice. */
  close(): Promise<void>;
}

export interface Supports {
  /** Jobs survive the process: a store that is opened again has them. */
  readonly durable: boolean;
  /** Nobody sees half of a sync, and none is left half done. */
  readonly atomicSync: boolean;
  /** Jobs that have ended expire after a time that can be set. */
  readonly ttl: boolean;
}

export interface CreateOptions {
  /** Keeps the version that the job says, for one that is moved from another store. */
  readonly restore?: boolean;
}

export interface UpdateOptions {
  /** LOCK_FAILED unless the stored job has this version. */
  readonly expectedVersion?: number | undefined;
  /**
   * An update of a job that is not there creates it, and marks it: its first `create` answers with the stored job and
   * clears the mark. Not with `expectedVersion`.
   */
  readonly upsert?: boolean;
  /** Of a job that the update creates, unless it says its own. */
  readonly owner?: string | undefined;
}

export interface DeleteOptions {
  /** LOCK_FAILED unless the stored job has this version. */
  readonly expectedVersion?: number | undefined;
}

export interface JobPage {
  readonly jobs: readonly Job[];
  /** There are more: `filter.cursor` of the next page. */
  readonly nextCursor?: string;
}

export interface SyncScope {
  /** Whose jobs are removed unless they are given; undefined: none. */
  readonly nodeId: string | undefined;
  readonly owner: string;
}

export interface SyncCounts {
  readonly created: number;
  readonly updated: number;
  /** Given, and stored just so already. */
  readonly unchanged: number;
  readonly removed: number;
}

export interface Health {
  readonly ok: boolean;
  /** For the operator: what is wrong, or what to know, such as a medium that may lose what it has acknowledged. */
  readonly details: readonly string[];
}
