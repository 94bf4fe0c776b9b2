import {
  applyDelete,
  applySync,
  isInScope,
  type Deadline,
  type JobLocks,
  type JobRecord,
  type NewJob,
  type SyncCounts,
  type SyncScope,
} from '@joblet/state-store';
import { FilterExpression } from './filter-expression.js';
import type { Item } from './item.js';
import type { JobItems } from './job-items.js';
import { BATCH_WRITE_MAX, SYNC_BATCHES_AT_ONCE } from './limits.js';
import type { Table } from './table.js';
import type { Tombstones } from './tombstones.js';

export interface SyncParts {
  readonly table: Table;
  readonly items: JobItems;
  readonly locks: JobLocks;
  readonly tombstones: Tombstones;
  /** Of the next answer. */
  readonly deadline: Deadline;
}

type Counts = { -readonly [Key in keyof SyncCounts]: SyncCounts[Key] };

/** Not at once, but job by job; what is left when it rejects, the next sync does. */
export async function sync(
  parts: SyncParts,
  jobs: readonly NewJob[],
  scope: SyncScope,
  now: number,
): Promise<SyncCounts> {
  const counts: Counts = { created: 0, updated: 0, unchanged: 0, removed: 0 };
  const given = new Map(jobs.map((job) => [job.uuid, job]));
  await eachBatch([...given.values()], (batch) =>
    parts.locks.run(
      batch.map(({ uuid }) => uuid),
      () => writeBatch(parts, batch, now, counts),
    ),
  );
  if (scope.nodeId !== undefined) await removeOthers(parts, given, scope, now, counts);
  return counts;
}

/**
 * Jobs that are new are written all in one request, which DynamoDB does without conditions: nobody else in this process
 * changes them meanwhile. Each of the others is changed on condition.
 */
async function writeBatch(
  { table, items, deadline }: SyncParts,
  batch: readonly NewJob[],
  now: number,
  counts: Counts,
): Promise<void> {
  deadline.check();
  const stored = await table.getMany(batch.map(({ uuid }) => uuid));
  deadline.extend();
  const isThere = ({ uuid }: NewJob): boolean => items.decode(stored.get(uuid), now)?.kind === 'job';
  const change = async (job: NewJob): Promise<void> => {
    const apply = (record: JobRecord | undefined) => applySync(record, job, now);
    const { record } = await items.change(now, stored.get(job.uuid), apply);
    counts[record === undefined ? 'unchanged' : 'updated']++;
    deadline.extend();
  };
  const created = batch
    .filter((job) => !isThere(job))
    .map((job) => items.encodeNew(job, now, stored.get(job.uuid)));
  if (created.length > 0) await table.putMany(created);
  deadline.extend();
  counts.created += created.length;
  await allEnded(batch.filter(isThere).map(change));
}

/** Deletes the jobs of the scope that are not given. */
async function removeOthers(
  { table, items, locks, tombstones, deadline }: SyncParts,
  given: ReadonlyMap<string, NewJob>,
  scope: SyncScope,
  now: number,
  counts: Counts,
): Promise<void> {
  const apply = (record: JobRecord | undefined) =>
    record?.kind === 'job' && isInScope(record.job, scope)
      ? applyDelete(record, record.uuid, now)
      : undefined;
  const remove = (found: Item): Promise<void> =>
    locks.run([items.uuidOf(found)], async () => {
      deadline.check();
      const { record, item } = await items.change(now, found, apply);
      if (record === undefined || item === undefined) return;
      tombstones.add(item);
      counts.removed++;
      deadline.extend();
    });
  const { nodeId, owner } = scope;
  const filter = new FilterExpression({ statuses: undefined, nodeId, owner, prefix: '' }, table.keyName);
  for await (const page of table.scan(filter.input)) {
    deadline.extend();
    const others = items.readable(page, now).filter((item) => !given.has(items.uuidOf(item)));
    await eachBatch(others, (batch) => allEnded(batch.map(remove)));
  }
}

/** Some batches at a time. */
async function eachBatch<T>(all: readonly T[], work: (batch: readonly T[]) => Promise<void>): Promise<void> {
  const batches: (readonly T[])[] = [];
  for (let start = 0; start < all.length; start += BATCH_WRITE_MAX)
    batches.push(all.slice(start, start + BATCH_WRITE_MAX));
  for (let start = 0; start < batches.length; start += SYNC_BATCHES_AT_ONCE)
    await allEnded(batches.slice(start, start + SYNC_BATCHES_AT_ONCE).map(work));
}

/** Rejects like the first that did, when all have ended: nothing is written any more then. */
async function allEnded(works: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
