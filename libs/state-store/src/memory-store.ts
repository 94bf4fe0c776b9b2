import { applyCreate, applyDelete, applyUpdate } from './changes.js';
import { checkExpectedVersion, checkUuid } from './check-names.js';
import { checkFilter, matchesQuery, type JobFilter, type JobQuery } from './filter.js';
import type { Job, NewJob } from './job.js';
import type { JobRecord, LiveRecord, Tombstone } from './job-record.js';
import { MemoryIndex, type IndexEntry } from './memory-index.js';
import { pageOf, selectPage } from './select-page.js';
import { StateStoreError } from './state-store-error.js';
import type {
  CreateOptions,
  DeleteOptions,
  Health,
  JobPage,
  StateStore,
  Supports,
  SyncCounts,
  SyncScope,
  UpdateOptions,
} from './state-store.js';
import { planSync } from './sync.js';

export interface MemoryStoreOptions {
  /** Unix time in milliseconds. Default: Date.now. */
  readonly now?: () => number;
}

/** A state store in this process's memory. */
export function createMemoryStore(options: MemoryStoreOptions = {}): StateStore {
  return new MemoryStore(options);
}

class MemoryStore implements StateStore {
  readonly supports: Supports = { durable: false, atomicSync: true, ttl: false };
  private readonly now: () => number;
  private readonly jobs = new Map<string, IndexEntry>();
  /** In the order of the deletes: the first one expires first. */
  private readonly tombstones = new Map<string, Tombstone>();
  private readonly index = new MemoryIndex();
  private isClosed = false;

  constructor({ now = Date.now }: MemoryStoreOptions) {
    this.now = now;
  }

  async create(job: NewJob, options?: CreateOptions): Promise<Job> {
    const now = this.begin();
    return this.put(applyCreate(this.recordOf(job.uuid), job, now, options));
  }

  async get(uuid: string): Promise<Job> {
    this.begin();
    checkUuid(uuid);
    const entry = this.jobs.get(uuid);
    if (entry === undefined) throw StateStoreError.jobNotFound(uuid);
    return entry.record.job;
  }

  async update(job: NewJob, options: UpdateOptions = {}): Promise<Job> {
    const now = this.begin();
    checkExpectedVersion(options.expectedVersion);
    return this.put(applyUpdate(this.recordOf(job.uuid), job, now, options));
  }

  async delete(uuid: string, options: DeleteOptions = {}): Promise<void> {
    const now = this.begin();
    checkUuid(uuid);
    checkExpectedVersion(options.expectedVersion);
    this.bury(applyDelete(this.recordOf(uuid), uuid, now, options));
  }

  async list(filter?: JobFilter): Promise<JobPage> {
    this.begin();
    const query = checkFilter(filter);
    const { lists, areInOrder } = this.index.candidates(query);
    if (!areInOrder) return selectPage(concat(lists), query);
    // A single list is a page already; of several, each brings at most one.
    const pages = lists.map((jobs) => firstMatches(jobs, query));
    return pages.length === 1 ? pageOf(pages[0], query) : selectPage(pages.flat(), query);
  }

  async sync(jobs: readonly NewJob[], scope: SyncScope): Promise<SyncCounts> {
    const now = this.begin();
    const stored = new Map<string, JobRecord>();
    if (scope.nodeId !== undefined) {
      for (const { uuid, record } of this.index.ofNode(scope.nodeId)) stored.set(uuid, record);
    }
    for (const { uuid } of jobs) {
      const record = this.recordOf(uuid);
      if (record !== undefined) stored.set(uuid, record);
    }
    const { writes, counts } = planSync(jobs, scope, stored, now);
    for (const record of writes) {
      if (record.kind === 'job') this.put(record);
      else this.bury(record);
    }
    return counts;
  }

  async healthCheck(): Promise<Health> {
    return this.isClosed ? { ok: false, details: ['the store is closed'] } : { ok: true, details: [] };
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The time of the call, after what has expired by then is forgotten. */
  private begin(): number {
    if (this.isClosed) throw StateStoreError.closed();
    const now = this.now();
    for (const { uuid, expiresAt } of this.tombstones.values()) {
      if (expiresAt > now) break;
      this.tombstones.delete(uuid);
    }
    return now;
  }

  private recordOf(uuid: string): JobRecord | undefined {
    return this.jobs.get(uuid)?.record ?? this.tombstones.get(uuid);
  }

  private put(record: LiveRecord): Job {
    const entry = this.jobs.get(record.uuid);
    if (entry === undefined) {
      this.tombstones.delete(record.uuid);
      this.jobs.set(record.uuid, this.index.add(record));
    } else {
      this.index.replace(entry, record);
    }
    return record.job;
  }

  private bury(tombstone: Tombstone): void {
    const entry = this.jobs.get(tombstone.uuid);
    if (entry !== undefined) this.index.remove(entry);
    this.jobs.delete(tombstone.uuid);
    this.tombstones.set(tombstone.uuid, tombstone);
  }
}

/** As many as a page has, and one more. */
function firstMatches(jobs: Iterable<Job>, query: JobQuery): Job[] {
  const matches: Job[] = [];
  for (const job of jobs) {
    if (!matchesQuery(job, query)) continue;
    matches.push(job);
    if (matches.length > query.limit) break;
  }
  return matches;
}

function* concat<T>(lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list;
}
