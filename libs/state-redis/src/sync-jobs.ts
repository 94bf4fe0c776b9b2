import {
  limits,
  planSync,
  StateStoreError,
  type JobRecord,
  type NewJob,
  type SyncCounts,
  type SyncScope,
} from '@joblet/state-store';
import type { Connection } from './connection.js';
import { SYNC_ATTEMPTS_MAX, SYNCED_JOBS_MAX } from './limits.js';
import { fetchRecords } from './fetch-records.js';
import { argumentsOf } from './record-hash.js';
import { SYNC } from './scripts/sync.js';

/** All of the sync in one script; again, when somebody has changed one of its jobs meanwhile. TOO_LARGE. */
export async function syncJobs(
  connection: Connection,
  jobs: readonly NewJob[],
  scope: SyncScope,
  { now, ttlMs }: { readonly now: number; readonly ttlMs: number },
): Promise<SyncCounts> {
  if (jobs.length > SYNCED_JOBS_MAX) {
    throw new StateStoreError(
      'TOO_LARGE',
      `the sync has ${jobs.length} jobs; expected at most ${SYNCED_JOBS_MAX}`,
    );
  }
  const given = [...new Set(jobs.map(({ uuid }) => uuid))];
  const stored = await fetchRecords(connection, given, now);
  for (let attempt = 0; attempt < SYNC_ATTEMPTS_MAX; attempt++) {
    const records = new Map<string, JobRecord>();
    for (const [uuid, { record }] of stored) if (record !== undefined) records.set(uuid, record);
    // The script removes: it knows what is in the scope when it runs.
    const { writes, counts } = planSync(jobs, { ...scope, nodeId: undefined }, records, now);
    const [isDone, ...answer] = await connection.run<(number | string)[]>(
      SYNC,
      scope.nodeId === undefined ? '0' : '1',
      scope.nodeId ?? '',
      scope.owner,
      String(now + limits.TOMBSTONE_MS),
      String(given.length),
      ...given.flatMap((uuid) => [uuid, stored.get(uuid)?.version ?? '']),
      ...writes.flatMap((record) => [record.uuid, ...argumentsOf(record, now, ttlMs)]),
    );
    if (isDone === 1) return { ...counts, removed: Number(answer[0]) };
    const changed = answer.map(String);
    for (const [uuid, found] of await fetchRecords(connection, changed, now)) stored.set(uuid, found);
  }
  throw new StateStoreError(
    'UNAVAILABLE',
    `Redis at ${connection.name}: jobs of a sync were changed by others ${SYNC_ATTEMPTS_MAX} times`,
  );
}
