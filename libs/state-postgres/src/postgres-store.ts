import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import {
  applyCreate,
  applyDelete,
  applyUpdate,
  Calls,
  checkExpectedVersion,
  checkFilter,
  checkUuid,
  JobLocks,
  pageOf,
  ReadQueue,
  readStoredJob,
  StateStoreError,
  withDeadline,
  limits as contract,
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
import type { Database } from './database.js';
import { toStateStoreError } from './errors.js';
import { askHealth } from './health.js';
import {
  CALLS_MAX,
  CHANGE_ATTEMPTS_MAX,
  JOBS_READ_AT_ONCE,
  PURGE_ROWS_MAX,
  READS_AT_ONCE,
  READ_ROWS_MAX,
} from './limits.js';
import { listStatement } from './list-statement.js';
import { recordOf, valuesOf, type JobRow } from './row.js';
import { insertStatement, purgeStatement, readStatement, replaceStatement } from './statements.js';
import { sync } from './sync.js';

/** Jobs as rows of a table. A change reads the row, and replaces it on the condition that nobody else did meanwhile. */
export class PostgresStore implements StateStore {
  readonly supports: Supports = { durable: true, atomicSync: true, ttl: false };
  private readonly database: Database;
  private readonly rows: ReadQueue<JobRow>;
  private readonly now: () => number;
  private readonly calls = new Calls('PostgreSQL', CALLS_MAX);
  private readonly locks = new JobLocks();
  private nextPurgeAt = 0;

  /** The schema is there. Closing the store closes the database. */
  constructor(database: Database, now: () => number) {
    this.database = database;
    this.rows = new ReadQueue((uuids) => readRows(database, uuids), {
      fetchesAtOnce: READS_AT_ONCE,
      uuidsMax: READ_ROWS_MAX,
    });
    this.now = now;
  }

  create(job: NewJob, options?: CreateOptions): Promise<Job> {
    return this.inTime(async (now, deadline) => {
      const apply = (record: JobRecord | undefined) => applyCreate(record, job, now, options);
      // Most jobs are new: nothing is read before.
      return (await this.change(job.uuid, now, deadline, apply, 'new')).job;
    });
  }

  get(uuid: string): Promise<Job> {
    return this.inTime(async (now) => {
      checkUuid(uuid);
      const row = await this.rows.get(uuid);
      const record = row && recordOf(row, now);
      if (record?.kind !== 'job') throw StateStoreError.jobNotFound(uuid);
      return record.job;
    });
  }

  update(job: NewJob, options: UpdateOptions = {}): Promise<Job> {
    return this.inTime(async (now, deadline) => {
      checkExpectedVersion(options.expectedVersion);
      const apply = (record: JobRecord | undefined) => applyUpdate(record, job, now, options);
      return (await this.change(job.uuid, now, deadline, apply)).job;
    });
  }

  delete(uuid: string, options: DeleteOptions = {}): Promise<void> {
    return this.inTime(async (now, deadline) => {
      checkUuid(uuid);
      checkExpectedVersion(options.expectedVersion);
      await this.change(uuid, now, deadline, (record) => applyDelete(record, uuid, now, options));
      this.purge(now);
    });
  }

  list(filter?: JobFilter): Promise<JobPage> {
    return this.inTime(async () => {
      const query = checkFilter(filter);
      const { rows } = await this.database.run<{ document: string }>(listStatement(query));
      return pageOf(await jobsOf(rows), query);
    });
  }

  sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts> {
    return this.call(async (now) => {
      const counts = await sync(this.database, jobs, scope, now);
      if (counts.removed > 0) this.purge(now);
      return counts;
    });
  }

  async healthCheck(): Promise<Health> {
    try {
      return await this.inTime(() => askHealth(this.database));
    } catch (error) {
      return { ok: false, details: [toStateStoreError(error).message] };
    }
  }

  close(): Promise<void> {
    return this.calls.close(() => this.database.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Of a bounded number of statements: a sync has a limit for each. */
  private inTime<T>(body: (now: number, deadline: Deadline) => Promise<T>): Promise<T> {
    return withDeadline('PostgreSQL', this.database.answerTimeoutMs, (deadline) =>
      this.call((now) => body(now, deadline)),
    );
  }

  private call<T>(body: (now: number) => Promise<T>): Promise<T> {
    return this.calls.run(async () => {
      try {
        return await body(this.now());
      } catch (error) {
        throw toStateStoreError(error);
      }
    });
  }

  /** Replaces the job's record by what `apply` makes of it. `new`: it is probably not there. */
  private change<Changed extends JobRecord>(
    uuid: string,
    now: number,
    deadline: Deadline,
    apply: (record: JobRecord | undefined) => Changed,
    guess?: 'new',
  ): Promise<Changed> {
    return this.locks.run([uuid], async () => {
      deadline.check();
      let row = guess === 'new' ? undefined : await this.rows.get(uuid);
      for (let attempt = 1; attempt <= CHANGE_ATTEMPTS_MAX; attempt++) {
        const changed = apply(row && recordOf(row, now));
        const writeId = randomUUID();
        const written = valuesOf(changed, writeId);
        deadline.check();
        const { count, isRepeated } = await this.database.run(
          row === undefined ? insertStatement(written) : replaceStatement(written, row.write_id),
        );
        if (count === 1) return changed;
        row = await this.rows.get(uuid);
        if (row?.write_id === writeId) return changed;
        if (isRepeated) {
          throw new StateStoreError(
            'UNAVAILABLE',
            `the connection broke while job ${uuid} was changed, and others have changed it since: nobody knows whether this change was made`,
          );
        }
      }
      throw new StateStoreError(
        'UNAVAILABLE',
        `job ${uuid} was changed by others ${CHANGE_ATTEMPTS_MAX} times while it was being changed`,
      );
    });
  }

  /** Removes tombstones that have expired, from time to time; what stays for lack of a connection goes the next time. */
  private purge(now: number): void {
    if (now < this.nextPurgeAt) return;
    this.nextPurgeAt = now + contract.TOMBSTONE_MS;
    this.calls
      .run(() => this.database.run(purgeStatement(now, PURGE_ROWS_MAX)))
      .catch(() => (this.nextPurgeAt = 0));
  }
}

async function readRows(database: Database, uuids: readonly string[]): Promise<Map<string, JobRow>> {
  const { rows } = await database.run<JobRow>(readStatement(uuids));
  return new Map(rows.map((row) => [row.uuid, row]));
}

async function jobsOf(rows: readonly { readonly document: string }[]): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const { document } of rows) {
    jobs.push(readStoredJob(document));
    if (jobs.length % JOBS_READ_AT_ONCE === 0) await setImmediate();
  }
  return jobs;
}
