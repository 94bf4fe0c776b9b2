import type { Job, JobFilter, JobPage, NewJob, StateStoreError, SyncCounts } from '@joblet/state-store';

export interface JobStoreAdapterOptions {
  /** Unix socket of the state service, which need not be there yet. */
  readonly socketPath: string;
  readonly nodeId: string;
  /** Of the jobs that do not say their own; default '', a daemon's. */
  readonly owner?: string;
  /**
   * What happens with each new connection. `replay`: what the service does not have any more of the jobs of this adapter
   * is sent again, nobody else's are touched.
   * `sync`: for the one owner of a node's jobs: at the first one the service's jobs are taken into the cache, and
   * then the service's set becomes that of the cache.
   */
  readonly onReconnect: 'replay' | 'sync';
  /** Most jobs with changes that are not stored yet. Default: UNSTORED_JOBS_MAX. */
  readonly unstoredJobsMax?: number;
  /** How long a request waits for its answer before the connection is given up. Default: STATE_DEADLINE_MS. */
  readonly deadlineMs?: number;
  readonly onEvent?: (event: JobStoreEvent) => void;
  /** Unix time in milliseconds. Default: Date.now. */
  readonly now?: () => number;
  /** From 0 to 1, for the pauses between attempts. Default: Math.random. */
  readonly random?: () => number;
}

export type JobStoreEvent =
  | { readonly type: 'connected' }
  /** Told once until it is connected again; `attempts` go on. */
  | { readonly type: 'disconnected'; readonly error: StateStoreError }
  /** The service's jobs of this node and owner are in the cache. */
  | { readonly type: 'loaded'; readonly jobs: number }
  /** Nothing waits: the service has every change, but for those that were dropped. */
  | { readonly type: 'stored' }
  | { readonly type: 'synced'; readonly counts: SyncCounts | undefined }
  /**
   * The service cannot take the set: each job is sent by itself, and none is removed. Told once for each connection; but for
   * a set that is too large (TOO_LARGE) it is tried again.
   */
  | { readonly type: 'sync-refused'; readonly error: StateStoreError }
  /** The service cannot store the job for now. Told once until it is stored or dropped; attempts go on. */
  | { readonly type: 'delayed'; readonly uuid: string; readonly error: StateStoreError }
  /**
   * The service does not get this change of the job. `refused` with JOB_EXISTS: there is a job of another owner, which
   * stays as it is; with JOB_NOT_FOUND: somebody else has deleted the job, and it is not in the cache any more either. In all
   * other cases the cache has the job's last state.
   */
  | {
      readonly type: 'dropped';
      readonly uuid: string;
      readonly reason: 'queue-full' | 'refused' | 'closed';
      readonly error?: StateStoreError;
    };

/**
 * Jobs in memory, before the state service: reads are from the cache, changes are made there and sent to the service
 * later, those of each job in their order. Nothing here waits, and nothing needs the service to be there. What becomes of
 * a job is what the service makes of it; `version` counts the cache's own changes.
 */
export interface JobStoreAdapter extends AsyncDisposable {
  /** Throws JOB_EXISTS. */
  create(job: NewJob): Job;
  /** Throws JOB_NOT_FOUND. */
  update(job: NewJob): Job;
  /** Throws JOB_NOT_FOUND. */
  delete(uuid: string): void;
  get(uuid: string): Job | undefined;
  list(filter?: JobFilter): JobPage;
  readonly isConnected: boolean;
  /** Jobs with changes that the service does not have yet. */
  readonly unstored: number;
  /** Changes that the service never gets; each was told. */
  readonly dropped: number;
  /**
   * Waits for what is not stored yet; the rest is dropped after the deadline. Changes throw CLOSED from now on; reads go
   * on.
   */
  close(options?: { readonly deadlineMs?: number }): Promise<{ readonly unstored: number }>;
}
