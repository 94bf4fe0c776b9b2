import { planSync, type JobRecord, type NewJob, type SyncCounts, type SyncScope } from '@joblet/state-store';
import type { ClassicLevel } from 'classic-level';
import type { Database } from './database.js';
import { ofNode, placeOf } from './keys.js';
import type { RecordTable } from './record-table.js';
import { scan } from './scan.js';
import { decodeSummary } from './summary.js';

/** All of the sync in one batch. No change may be under way. `now` is Unix time in milliseconds. */
export async function syncJobs(
  database: Database,
  table: RecordTable,
  jobs: readonly NewJob[],
  scope: SyncScope,
  now: number,
): Promise<SyncCounts> {
  const uuids = new Set(await database.read((level) => uuidsInScope(level, scope)));
  for (const { uuid } of jobs) uuids.add(uuid);
  const records = await table.load(uuids);
  const stored = new Map<string, JobRecord>();
  for (const uuid of uuids) {
    const record = records.valid(uuid, now);
    if (record !== undefined) stored.set(uuid, record);
  }
  const { writes, counts } = planSync(jobs, scope, stored, now);
  for (const record of writes) records.set(record.uuid, record);
  await table.write(records);
  return counts;
}

async function uuidsInScope(
  level: ClassicLevel<string, string>,
  { nodeId, owner }: SyncScope,
): Promise<string[]> {
  if (nodeId === undefined) return [];
  const index = ofNode(nodeId);
  const entries = await scan(level, index);
  return entries
    .filter(([, value]) => decodeSummary(value).owner === owner)
    .map(([key]) => placeOf(index, key).uuid);
}
