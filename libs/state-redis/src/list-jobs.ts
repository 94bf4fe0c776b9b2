import { selectPage, StateStoreError, type Job, type JobPage, type JobQuery } from '@joblet/state-store';
import type { Connection } from './connection.js';
import { byCreation, byUpdate, ofNode, ofStatus } from './keys.js';
import { LIST_ATTEMPTS_MAX, SCANNED_ENTRIES_MAX } from './limits.js';
import { jobOf } from './record-hash.js';
import { LIST } from './scripts/list.js';

/** The query's page. A list of several steps starts again when a sync has come in between: nobody sees half of one. */
export async function listJobs(connection: Connection, query: JobQuery): Promise<JobPage> {
  for (let attempt = 0; attempt < LIST_ATTEMPTS_MAX; attempt++) {
    const jobs = await jobsOfOneEpoch(connection, query);
    if (jobs !== undefined) return selectPage(jobs, query);
  }
  throw new StateStoreError(
    'UNAVAILABLE',
    `Redis at ${connection.name}: a list was interrupted by syncs ${LIST_ATTEMPTS_MAX} times`,
  );
}

/** As many of each index as a page may have, when it is in the query's order; else all. */
async function jobsOfOneEpoch(connection: Connection, query: JobQuery): Promise<Job[] | undefined> {
  const jobs: Job[] = [];
  let epoch: string | undefined;
  for (const index of indexesFor(query)) {
    for await (const step of walk(connection, index, query)) {
      epoch ??= step.epoch;
      if (step.epoch !== epoch) return undefined;
      jobs.push(...step.jobs);
    }
  }
  return jobs;
}

/** Indexes that together have all jobs that match, each of them once. */
function indexesFor({ statuses, nodeId, order }: JobQuery): readonly string[] {
  if (order.sortBy === 'updatedAt') return [byUpdate];
  if (statuses !== undefined) return statuses.map(ofStatus);
  return [nodeId === undefined ? byCreation : ofNode(nodeId)];
}

/** What the script answers with. */
type Answer = [epoch: string, hasMore: string, time: string, uuid: string, ...records: string[][]];

interface Step {
  readonly epoch: string;
  readonly jobs: readonly Job[];
}

async function* walk(connection: Connection, index: string, query: JobQuery): AsyncGenerator<Step> {
  const { order, after, nodeId, owner, prefix, statuses = [] } = query;
  const isOrdered = order.sortBy === 'createdAt' || order.sortBy === 'updatedAt';
  let place = isOrdered && after !== undefined ? ['1', after.key, after.uuid] : ['0', '', ''];
  let wanted = isOrdered ? query.limit + 1 : Infinity;
  for (;;) {
    const [epoch, hasMore, time, uuid, ...records] = await connection.run<Answer>(
      LIST,
      index,
      isOrdered && order.descending ? '1' : '0',
      ...place,
      String(Math.min(wanted, SCANNED_ENTRIES_MAX)),
      String(SCANNED_ENTRIES_MAX),
      prefix,
      nodeId === undefined ? '0' : '1',
      nodeId ?? '',
      owner === undefined ? '0' : '1',
      owner ?? '',
      ...statuses,
    );
    const jobs = records.map((fields) => jobOf(fields[fields.length - 1], fields));
    yield { epoch, jobs };
    wanted -= jobs.length;
    if (hasMore === '0' || wanted <= 0) return;
    place = ['1', time, uuid];
  }
}
