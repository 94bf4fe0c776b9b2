import {
  applyCreate,
  applyDelete,
  applyUpdate,
  Calls,
  checkExpectedVersion,
  checkFilter,
  checkUuid,
  JobLocks,
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
import { toStateStoreError } from './errors.js';
import { isExpiredTombstone, type Item } from './item.js';
import { JobItems } from './job-items.js';
import { CALLS_MAX } from './limits.js';
import { listByIndex, listByScan } from './list.js';
import type { DynamoDbSettings } from './options.js';
import { sync } from './sync.js';
import type { Table } from './table.js';
import { Tombstones } from './tombstones.js';

/** What is asked for when somebody wants to know whether the table answers. */
const NO_JOB = 'joblet-health-check';

/** Jobs as items of a table. A change reads the item, and writes it on the condition that nobody else did meanwhile. */
export class DynamoDbStore implements StateStore {
  readonly supports: Supports;
  private readonly table: Table;
  private readonly settings: Pick<DynamoDbSettings, 'useIndex' | 'now'>;
  private readonly notes: readonly string[];
  private readonly items: JobItems;
  private readonly tombstones: Tombstones;
  private readonly calls = new Calls('DynamoDB', CALLS_MAX);
  private readonly locks = new JobLocks();

  /** Closing the store closes the table. `notes` are for the operator. */
  constructor(
    table: Table,
    settings: Pick<DynamoDbSettings, 'ttl' | 'useIndex' | 'now'>,
    notes: readonly string[],
  ) {
    this.supports = { durable: true, atomicSync: false, ttl: settings.ttl !== undefined };
    this.table = table;
    this.settings = settings;
    this.notes = notes;
    this.items = new JobItems(table, settings.ttl);
    this.tombstones = new Tombstones(table);
  }

  create(job: NewJob, options?: CreateOptions): Promise<Job> {
    return this.inTime(async (now, deadline) => {
      const apply = (record: JobRecord | undefined) => applyCreate(record, job, now, options);
      // Most jobs are new: nothing is read before.
      return (await this.change(job.uuid, now, deadline, apply, 'new')).record.job;
    });
  }

  get(uuid: string): Promise<Job> {
    return this.inTime(async (now) => {
      checkUuid(uuid);
      const record = await this.items.read(uuid, now);
      if (record?.kind !== 'job') throw StateStoreError.jobNotFound(uuid);
      return record.job;
    });
  }

  update(job: NewJob, options: UpdateOptions = {}): Promise<Job> {
    return this.inTime(async (now, deadline) => {
      checkExpectedVersion(options.expectedVersion);
      const apply = (record: JobRecord | undefined) => applyUpdate(record, job, now, options);
      return (await this.change(job.uuid, now, deadline, apply)).record.job;
    });
  }

  delete(uuid: string, options: DeleteOptions = {}): Promise<void> {
    return this.inTime(async (now, deadline) => {
      checkUuid(uuid);
      checkExpectedVersion(options.expectedVersion);
      const apply = (record: JobRecord | undefined) => applyDelete(record, uuid, now, options);
      const { item } = await this.change(uuid, now, deadline, apply);
      if (item !== undefined) this.tombstones.add(item);
    });
  }

  list(filter?: JobFilter): Promise<JobPage> {
    return this.call(async (now) => {
      const query = checkFilter(filter);
      const { statuses } = query;
      if (statuses?.length === 0) return { jobs: [] };
      const jobsOf = (items: readonly Item[]) => {
        for (const item of items) if (isExpiredTombstone(item, now)) this.tombstones.add(item);
        return this.items.jobsOf(items, now);
      };
      // The empty status is in no index.
      return this.settings.useIndex && statuses !== undefined && !statuses.includes('')
        ? listByIndex(this.table, statuses, query, jobsOf)
        : listByScan(this.table, query, jobsOf);
    });
  }

  sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts> {
    const { table, items, locks, tombstones } = this;
    return this.inTime((now, deadline) =>
      sync({ table, items, locks, tombstones, deadline }, jobs, scope, now),
    );
  }

  async healthCheck(): Promise<Health> {
    const unreadable = [...this.items.unreadable].map(
      (uuid) => `the item ${uuid} is no job: lists leave it out`,
    );
    try {
      await this.inTime((now) => this.items.read(NO_JOB, now));
      return { ok: true, details: [...this.notes, ...unreadable] };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, details: [message, ...this.notes, ...unreadable] };
    }
  }

  close(): Promise<void> {
    return this.calls.close(async () => this.table.close());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** `new`: the job is probably not there. */
  private change<Changed extends JobRecord>(
    uuid: string,
    now: number,
    deadline: Deadline,
    apply: (record: JobRecord | undefined) => Changed,
    guess?: 'new',
  ) {
    return this.locks.run([uuid], async () => {
      deadline.check();
      const first = guess === 'new' ? undefined : await this.table.get(uuid);
      return this.items.change(now, first, (record) => {
        deadline.check();
        return apply(record);
      });
    });
  }

  /** A list has the limit for each of its pages. */
  private inTime<T>(body: (now: number, deadline: Deadline) => Promise<T>): Promise<T> {
    return withDeadline('DynamoDB', this.table.answerTimeoutMs, (deadline) =>
      this.call((now) => body(now, deadline)),
    );
  }

  private call<T>(body: (now: number) => Promise<T>): Promise<T> {
    return this.calls.run(async () => {
      const now = this.settings.now();
      if (this.tombstones.hasExpired(now)) this.removeTombstones(now);
      try {
        return await body(now);
      } catch (error) {
        throw toStateStoreError(error, 'a call of the store');
      }
    });
  }

  /** Beside the call: it does not wait for that, but a close does. */
  private removeTombstones(now: number): void {
    this.calls.run(() => this.tombstones.removeExpired(now)).catch(() => undefined);
  }
}
