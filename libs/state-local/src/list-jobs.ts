import { compareText, pageOf, selectPage, type Job, type JobPage, type JobQuery } from '@joblet/state-store';
import { fetchJobs, fetchValues } from './fetch-values.js';
import { walkIndex, type IndexEntry, type View } from './index-walk.js';
import { byCreation, byUpdate, ofNode, ofOwner, ofStatus, records, type KeyRange } from './keys.js';
import { decodeValue } from './record-value.js';
import { PREFIX_PROBE_MAX, SCANNED_ENTRIES_MAX } from './limits.js';

/** The query's page, of the state that the view shows. */
export async function listJobs(view: View, query: JobQuery): Promise<JobPage> {
  const few = await jobsWithPrefix(view, query.prefix);
  if (few !== undefined) return selectPage(few, query);
  const entries: IndexEntry[] = [];
  for (const index of indexesFor(query)) {
    for (const entry of await pageOfIndex(view, index, query)) entries.push(entry);
  }
  entries.sort((a, b) => compareEntries(a, b, query));
  const uuids = entries.slice(0, query.limit + 1).map(({ uuid }) => uuid);
  return pageOf(await fetchJobs(view, uuids), query);
}

/** Undefined: many begin so. */
async function jobsWithPrefix({ level, snapshot }: View, prefix: string): Promise<Job[] | undefined> {
  if (prefix === '') return undefined;
  const keys = level.keys({
    gte: records.prefix + prefix,
    lt: records.end,
    limit: PREFIX_PROBE_MAX + 1,
    snapshot,
  });
  const behind = (await keys.all()).map((key) => key.slice(records.prefix.length));
  const uuids = behind.filter((uuid) => uuid.startsWith(prefix));
  if (uuids.length > PREFIX_PROBE_MAX) return undefined;
  const jobs: Job[] = [];
  for (const [uuid, value] of await fetchValues(level, uuids, snapshot)) {
    const record = decodeValue(uuid, value);
    if (record.kind === 'job') jobs.push(record.job);
  }
  return jobs;
}

/** Indexes that together have all jobs that match, each of them once. */
function indexesFor({ statuses, owner, nodeId, order }: JobQuery): readonly KeyRange[] {
  if (order.sortBy !== 'createdAt') return [byUpdate];
  if (statuses !== undefined) return statuses.map(ofStatus);
  // Those of a daemon have no index.
  if (owner !== undefined && owner !== '') return [ofOwner(owner)];
  return [nodeId === undefined ? byCreation : ofNode(nodeId)];
}

/** The first matches when the index is in the query's order, as many as a page has and one more; else all. */
async function pageOfIndex(view: View, index: KeyRange, query: JobQuery): Promise<IndexEntry[]> {
  const { after, limit, order } = query;
  const isOrdered = order.sortBy === 'createdAt' || order.sortBy === 'updatedAt';
  const matches: IndexEntry[] = [];
  const walk = walkIndex(view, index, {
    descending: isOrdered && order.descending,
    after: isOrdered && after !== undefined ? { time: after.key, uuid: after.uuid } : undefined,
    firstLook: isOrdered ? limit + 1 : SCANNED_ENTRIES_MAX,
  });
  for await (const entries of walk) {
    for (const entry of entries) {
      if (!matchesEntry(entry, query) || !isAfter(entry, query)) continue;
      matches.push(entry);
      if (isOrdered && matches.length > limit) return matches;
    }
  }
  return matches;
}

/** As `matchesQuery`, of what an index tells. */
function matchesEntry({ uuid, summary }: IndexEntry, { statuses, nodeId, owner, prefix }: JobQuery): boolean {
  return (
    // An index whose entries do not tell the status is that of a status, when the query asks for one.
    (statuses === undefined || summary.status === undefined || statuses.includes(summary.status)) &&
    (nodeId === undefined || summary.nodeId === nodeId) &&
    (owner === undefined || summary.owner === owner) &&
    uuid.startsWith(prefix)
  );
}

function isAfter(entry: IndexEntry, { order, after }: JobQuery): boolean {
  return after === undefined || compare(sortKey(entry, order), entry.uuid, after.key, after.uuid, order) > 0;
}

function compareEntries(a: IndexEntry, b: IndexEntry, { order }: JobQuery): number {
  return compare(sortKey(a, order), a.uuid, sortKey(b, order), b.uuid, order);
}

function compare(aKey: string, aUuid: string, bKey: string, bUuid: string, order: JobQuery['order']): number {
  const byKey = compareText(aKey, bKey);
  if (byKey !== 0) return order.descending ? -byKey : byKey;
  return compareText(aUuid, bUuid);
}

/** The index is that of the query's order when this is a time of the entry's own. */
function sortKey({ time, summary }: IndexEntry, { sortBy }: JobQuery['order']): string {
  return sortBy === 'startTime' || sortBy === 'status' ? (summary[sortBy] ?? '') : time;
}
