import {
  applyCreate,
  applyDelete,
  applyUpdate,
  Calls,
  checkExpectedVersion,
  checkFilter,
  checkUuid,
  JobLocks,
  ReadQueue,
  StateStoreError,
  withDeadline,
  type CreateOptions,
  type Deadline,
  type DeleteOptions,
  type Health,
  type Job,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type NewJob,
  type StateStore,
  type Supports,
  type SyncCounts,
  type SyncScope,
  type UpdateOptions,
} from '@joblet/state-store';
import type { Connection } from './connection.js';
import { fetchFields, storedOf, type Stored } from './fetch-records.js';
import { askHealth } from './health.js';
import {
  CALLS_MAX,
  CHANGE_ATTEMPTS_MAX,
  FETCHED_RECORDS_MAX,
  FETCHES_AT_ONCE,
  PURGE_INTERVAL_MS,
  PURGED_JOBS_MAX,
} from './limits.js';
import { listJobs } from './list-jobs.js';
import { argumentsOf, type RecordFields } from './record-hash.js';
import { CHANGE } from './scripts/change.js';
import { PURGE } from './scripts/purge.js';
import { syncJobs } from './sync-jobs.js';

const NOTHING: Stored = { version: '', record: undefined };

export class RedisStateStore implements StateStore {
  readonly supports: Supports;
  private readonly connection: Connection;
  private readonly now: () => number;
  private readonly ttlMs: number;
  /** Changes of one job by this store wait for each other, instead of starting again. */
  private readonly locks = new JobLocks();
  private readonly calls: Calls;
  private readonly reads: ReadQueue<RecordFields>;
  /** Unix time in milliseconds. */
  private nextPurgeAt = 0;

  /** `now` in Unix milliseconds; `ttlMs` 0: jobs do not expire. */
  constructor(connection: Connection, now: () => number, ttlMs: number) {
    this.connection = connection;
    this.calls = new Calls(`Redis at ${connection.name}`, CALLS_MAX);
    this.reads = new ReadQueue((uuids) => fetchFields(connection, uuids), {
      fetchesAtOnce: FETCHES_AT_ONCE,
      uuidsMax: FETCHED_RECORDS_MAX,
    });
    this.now = now;
    this.ttlMs = ttlMs;
    this.supports = { durable: true, atomicSync: true, ttl: ttlMs > 0 };
  }

  create(job: NewJob, options?: CreateOptions): Promise<Job> {
    // Nearly always there is nothing yet; the script tells when there is.
    return this.call(async (deadline) => {
      const apply = (record: JobRecord | undefined, now: number) => applyCreate(record, job, now, options);
      return (await this.change(job.uuid, deadline, apply, NOTHING)).job;
    });
  }

  get(uuid: string): Promise<Job> {
    return this.call(async () => {
      checkUuid(uuid);
      const { record } = await this.read(uuid, this.now());
      if (record?.kind === 'job') return record.job;
      throw StateStoreError.jobNotFound(uuid);
    });
  }

  update(job: NewJob, options: UpdateOptions = {}): Promise<Job> {
    return this.call(async (deadline) => {
      checkExpectedVersion(options.expectedVersion);
      const apply = (record: JobRecord | undefined, now: number) => applyUpdate(record, job, now, options);
      return (await this.change(job.uuid, deadline, apply)).job;
    });
  }

  delete(uuid: string, options: DeleteOptions = {}): Promise<void> {
    return this.call(async (deadline) => {
      checkUuid(uuid);
      checkExpectedVersion(options.expectedVersion);
      await this.change(uuid, deadline, (record, now) => applyDelete(record, uuid, now, options));
    });
  }

  list(filter?: JobFilter): Promise<JobPage> {
    return this.calls.run(async () => listJobs(this.connection, checkFilter(filter)));
  }

  sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts> {
    return this.calls.run(() =>
      syncJobs(this.connection, jobs, scope, { now: this.now(), ttlMs: this.ttlMs }),
    );
  }

  async healthCheck(): Promise<Health> {
    try {
      return await this.call(() => askHealth(this.connection));
    } catch (error) {
      return { ok: false, details: [error instanceof Error ? error.message : String(error)] };
    }
  }

  close(): Promise<void> {
    return this.calls.close(async () => this.connection.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Of a bounded number of requests: lists and syncs have a limit for each. */
  private call<T>(body: (deadline: Deadline) => Promise<T>): Promise<T> {
    const { name, answerTimeoutMs } = this.connection;
    return withDeadline(`Redis at ${name}`, answerTimeoutMs, (deadline) =>
      this.calls.run(() => body(deadline)),
    );
  }

  private async read(uuid: string, now: number): Promise<Stored> {
    const fields = await this.reads.get(uuid);
    return fields === undefined ? NOTHING : storedOf(uuid, fields, now);
  }

  /** Compare and set: starts again with what is stored when somebody else was faster. */
  private change<R extends JobRecord>(
    uuid: string,
    deadline: Deadline,
    apply: (record: JobRecord | undefined, now: number) => R,
    guess?: Stored,
  ): Promise<R> {
    const now = this.now();
    this.purge(now);
    return this.locks.run([uuid], async () => {
      deadline.check();
      let stored = guess ?? (await this.read(uuid, now));
      for (let attempt = 0; attempt < CHANGE_ATTEMPTS_MAX; attempt++) {
        const record = apply(stored.record, now);
        deadline.check();
        const found = await this.connection.run<RecordFields | null>(
          CHANGE,
          uuid,
          stored.version,
          ...argumentsOf(record, now, this.ttlMs),
        );
        if (found === null) return record;
        stored = storedOf(uuid, found, now);
      }
      throw new StateStoreError(
        'UNAVAILABLE',
        `Redis at ${this.connection.name}: job ${uuid} was changed by others ${CHANGE_ATTEMPTS_MAX} times`,
      );
    });
  }

  /** Removes what has expired from the indexes, from time to time, beside the call; a vain attempt is made again later. */
  private purge(now: number): void {
    if (now < this.nextPurgeAt) return;
    this.nextPurgeAt = now + PURGE_INTERVAL_MS;
    const purge = async (): Promise<void> => {
      const count = await this.connection.run<number>(PURGE, String(PURGED_JOBS_MAX));
      if (count === PURGED_JOBS_MAX) this.nextPurgeAt = 0;
    };
    this.calls.run(purge).catch(() => undefined);
  }
}
