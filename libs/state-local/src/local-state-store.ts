import {
  applyCreate,
  applyDelete,
  applyUpdate,
  Calls,
  checkExpectedVersion,
  checkFilter,
  checkUuid,
  StateStoreError,
  type CreateOptions,
  type DeleteOptions,
  type Health,
  type Job,
  type JobFilter,
  type JobPage,
  type JobRecord,
  type LiveRecord,
  type NewJob,
  type StateStore,
  type Supports,
  type SyncCounts,
  type SyncScope,
  type UpdateOptions,
} from '@joblet/state-store';
import { ChangeQueue } from './change-queue.js';
import { commitChanges } from './commit.js';
import type { Database } from './database.js';
import { CALLS_MAX } from './limits.js';
import { listJobs } from './list-jobs.js';
import { RecordTable } from './record-table.js';
import { syncJobs } from './sync-jobs.js';

export class LocalStateStore implements StateStore {
  readonly supports: Supports = { durable: true, atomicSync: true, ttl: false };
  private readonly database: Database;
  private readonly now: () => number;
  private readonly table: RecordTable;
  private readonly changes: ChangeQueue;
  private readonly calls: Calls;

  /** `now`: Unix time in milliseconds. */
  constructor(database: Database, now: () => number) {
    this.database = database;
    this.calls = new Calls(`LevelDB in ${database.directory}`, CALLS_MAX);
    this.now = now;
    this.table = new RecordTable(database);
    this.changes = new ChangeQueue((changes) => commitChanges(this.table, changes));
  }

  create(job: NewJob, options?: CreateOptions): Promise<Job> {
    return this.calls.run(() => this.put(job, (record, now) => applyCreate(record, job, now, options)));
  }

  get(uuid: string): Promise<Job> {
    return this.calls.run(async () => {
      checkUuid(uuid);
      const record = await this.table.get(uuid);
      if (record?.kind === 'job') return record.job;
      throw StateStoreError.jobNotFound(uuid);
    });
  }

  update(job: NewJob, options: UpdateOptions = {}): Promise<Job> {
    return this.calls.run(async () => {
      checkExpectedVersion(options.expectedVersion);
      return this.put(job, (record, now) => applyUpdate(record, job, now, options));
    });
  }

  delete(uuid: string, options: DeleteOptions = {}): Promise<void> {
    return this.calls.run(async () => {
      checkUuid(uuid);
      checkExpectedVersion(options.expectedVersion);
      const now = this.now();
      await this.changes.change({ uuid, now }, (record) => applyDelete(record, uuid, now, options));
    });
  }

  list(filter?: JobFilter): Promise<JobPage> {
    return this.calls.run(async () => {
      const query = checkFilter(filter);
      return this.database.read(async (level) => {
        const snapshot = level.snapshot();
        try {
          return await listJobs({ level, snapshot }, query);
        } finally {
          await snapshot.close();
        }
      });
    });
  }

  sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts> {
    return this.calls.run(() => {
      const now = this.now();
      return this.changes.alone(() => syncJobs(this.database, this.table, jobs, scope, now));
    });
  }

  /** Writes, as a disk that is full can still be read. */
  async healthCheck(): Promise<Health> {
    try {
      await this.calls.run(() => this.changes.alone(() => this.database.write(() => undefined)));
      return { ok: true, details: [] };
    } catch (error) {
      return { ok: false, details: [error instanceof Error ? error.message : String(error)] };
    }
  }

  close(): Promise<void> {
    return this.calls.close(() => this.database.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async put(
    given: NewJob,
    apply: (record: JobRecord | undefined, now: number) => LiveRecord,
  ): Promise<Job> {
    const now = this.now();
    const asked = { uuid: given.uuid, now, job: given };
    const { job } = await this.changes.change(asked, (record) => apply(record, now));
    return job;
  }
}
