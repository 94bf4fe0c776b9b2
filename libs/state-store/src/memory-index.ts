import type { Job } from './job.js';
import type { LiveRecord } from './job-record.js';
import type { JobQuery } from './filter.js';
import { SortedJobs, type SortedPlace } from './sorted-jobs.js';

/** A job's place in the indexes by creation; the record behind it changes with each update. */
export interface IndexEntry extends SortedPlace {
  record: LiveRecord;
  /** Its place by its last change. */
  changed: ChangedEntry;
}

interface ChangedEntry extends SortedPlace {
  readonly job: Job;
}

/** Lists of jobs that together have all that match a query, and few others. */
export interface Candidates {
  readonly lists: readonly Iterable<Job>[];
  /** Each of the lists is in the query's order and starts behind its cursor. */
  readonly areInOrder: boolean;
}

type Index = SortedJobs<IndexEntry>;

/** To sort a job costs about as much as to look at so many on the way along all of them. */
const SORT_COST = 4;

/** The jobs in the order of their creation, all, of each status and of each node; and all by their last change. */
export class MemoryIndex {
  private readonly all: Index = new SortedJobs();
  private readonly byChange = new SortedJobs<ChangedEntry>();
  private readonly byStatus = new Map<string, Index>();
  private readonly byNode = new Map<string, Index>();

  add(record: LiveRecord): IndexEntry {
    const { createdAt, uuid, status, nodeId } = record.job;
    const entry = { time: createdAt, uuid, record, changed: changedEntry(record) };
    this.all.add(entry);
    this.byChange.add(entry.changed);
    addTo(this.byStatus, status, entry);
    addTo(this.byNode, nodeId, entry);
    return entry;
  }

  /** The new record has the same time of creation: it is fixed. */
  replace(entry: IndexEntry, record: LiveRecord): void {
    const before = entry.record.job;
    this.byChange.remove(entry.changed);
    entry.record = record;
    entry.changed = changedEntry(record);
    this.byChange.add(entry.changed);
    move(this.byStatus, entry, before.status, record.job.status);
    move(this.byNode, entry, before.nodeId, record.job.nodeId);
  }

  remove(entry: IndexEntry): void {
    const { status, nodeId } = entry.record.job;
    this.all.remove(entry);
    this.byChange.remove(entry.changed);
    removeFrom(this.byStatus, status, entry);
    removeFrom(this.byNode, nodeId, entry);
  }

  ofNode(nodeId: string): Iterable<IndexEntry> {
    return this.byNode.get(nodeId)?.ascending() ?? [];
  }

  candidates(query: JobQuery): Candidates {
    const { order, after } = query;
    const indexes = this.indexesFor(query);
    const place = after && { time: after.key, uuid: after.uuid };
    if (order.sortBy === 'createdAt') {
      return { lists: indexes.map((index) => ofCreated(walk(index, query, place))), areInOrder: true };
    }
    if (order.sortBy === 'updatedAt' && sizeOf(indexes) * SORT_COST >= this.all.size) {
      return { lists: [ofChanged(walk(this.byChange, query, place))], areInOrder: true };
    }
    // Mostly those that were created last come last in any other order too.
    return { lists: indexes.map((index) => ofCreated(walk(index, query))), areInOrder: false };
  }

  private indexesFor({ statuses, nodeId }: JobQuery): Index[] {
    const ofStatuses = statuses?.flatMap((status) => this.byStatus.get(status) ?? []);
    const ofNode = nodeId === undefined ? undefined : [this.byNode.get(nodeId) ?? []].flat();
    if (ofStatuses === undefined) return ofNode ?? [this.all];
    if (ofNode === undefined) return ofStatuses;
    return sizeOf(ofNode) < sizeOf(ofStatuses) ? ofNode : ofStatuses;
  }
}

function changedEntry({ job }: LiveRecord): ChangedEntry {
  return { time: job.updatedAt, uuid: job.uuid, job };
}

function walk<Entry extends SortedPlace>(
  index: SortedJobs<Entry>,
  { order }: JobQuery,
  place?: SortedPlace,
): Iterable<Entry> {
  return order.descending ? index.descending(place) : index.ascending(place);
}

function* ofCreated(entries: Iterable<IndexEntry>): Generator<Job> {
  for (const { record } of entries) yield record.job;
}

function* ofChanged(entries: Iterable<ChangedEntry>): Generator<Job> {
  for (const { job } of entries) yield job;
}

function sizeOf(indexes: readonly Index[]): number {
  return indexes.reduce((sum, { size }) => sum + size, 0);
}

function addTo(indexes: Map<string, Index>, key: string, entry: IndexEntry): void {
  let index = indexes.get(key);
  if (index === undefined) indexes.set(key, (index = new SortedJobs()));
  index.add(entry);
}

function removeFrom(indexes: Map<string, Index>, key: string, entry: IndexEntry): void {
  const index = indexes.get(key);
  index?.remove(entry);
  // Nodes come and go.
  if (index?.size === 0) indexes.delete(key);
}

function move(indexes: Map<string, Index>, entry: IndexEntry, from: string, to: string): void {
  if (from === to) return;
  removeFrom(indexes, from, entry);
  addTo(indexes, to, entry);
}
