import type { LiveRecord } from './job-record.js';
import type { JobQuery } from './filter.js';
import { SortedJobs } from './sorted-jobs.js';

/** A job's place in the indexes; the record behind it changes with each update. */
export interface IndexEntry {
  readonly createdAt: string;
  readonly uuid: string;
  record: LiveRecord;
}

type Index = SortedJobs<IndexEntry>;

/** The jobs in the order of their creation: all of them, those of each status, and those of each node. */
export class MemoryIndex {
  private readonly all: Index = new SortedJobs();
  private readonly byStatus = new Map<string, Index>();
  private readonly byNode = new Map<string, Index>();

  add(record: LiveRecord): IndexEntry {
    const { createdAt, uuid, status, nodeId } = record.job;
    const entry = { createdAt, uuid, record };
    this.all.add(entry);
    addTo(this.byStatus, status, entry);
    addTo(this.byNode, nodeId, entry);
    return entry;
  }

  /** The new record has the same time of creation: it is fixed. */
  replace(entry: IndexEntry, record: LiveRecord): void {
    const before = entry.record.job;
    entry.record = record;
    move(this.byStatus, entry, before.status, record.job.status);
    move(this.byNode, entry, before.nodeId, record.job.nodeId);
  }

  remove(entry: IndexEntry): void {
    const { status, nodeId } = entry.record.job;
    this.all.remove(entry);
    removeFrom(this.byStatus, status, entry);
    removeFrom(this.byNode, nodeId, entry);
  }

  ofNode(nodeId: string): Iterable<IndexEntry> {
    return this.byNode.get(nodeId)?.ascending() ?? [];
  }

  /**
   * Lists of jobs that together have all that match, and few others: those behind the query's place, in its order, when
   * that is by createdAt; else all, the newest first when the order is descending.
   */
  candidates(query: JobQuery): Iterable<IndexEntry>[] {
    const { order, after } = query;
    const isBehind = order.sortBy === 'createdAt' && after !== undefined;
    const place = isBehind ? { createdAt: after.key, uuid: after.uuid } : undefined;
    return this.indexesFor(query).map((index) =>
      order.descending ? index.descending(place) : index.ascending(place),
    );
  }

  private indexesFor({ statuses, nodeId }: JobQuery): Index[] {
    const ofStatuses = statuses?.flatMap((status) => this.byStatus.get(status) ?? []);
    const ofNode = nodeId === undefined ? undefined : [this.byNode.get(nodeId) ?? []].flat();
    if (ofStatuses === undefined) return ofNode ?? [this.all];
    if (ofNode === undefined) return ofStatuses;
    return sizeOf(ofNode) < sizeOf(ofStatuses) ? ofNode : ofStatuses;
  }
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
