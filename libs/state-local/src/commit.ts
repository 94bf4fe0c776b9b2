import type { JobRecord } from '@joblet/state-store';
import type { RecordTable } from './record-table.js';

/** One change of one job. */
export interface Change {
  readonly uuid: string;
  /** Unix time in milliseconds. */
  readonly now: number;
  /** What is to be stored in the place of the record; throws StateStoreError when the change is not allowed. */
  apply(record: JobRecord | undefined): JobRecord;
}

/** Why a change was not made; undefined: it was. */
export type Outcome = { readonly error: unknown } | undefined;

/**
 * Applies the changes one after the other, each to what the ones before have made, and writes what comes out at once:
 * with one sync for all. The outcomes count when this resolves.
 */
export async function commitChanges(table: RecordTable, changes: readonly Change[]): Promise<Outcome[]> {
  const now = changes[changes.length - 1].now;
  const purged = await table.expired(now);
  const records = await table.load(new Set([...changes.map(({ uuid }) => uuid), ...purged]));
  const outcomes = changes.map((change): Outcome => {
    try {
      records.set(change.uuid, change.apply(records.valid(change.uuid, change.now)));
      return undefined;
    } catch (error) {
      return { error };
    }
  });
  for (const uuid of purged) records.purge(uuid, now);
  await table.write(records);
  return outcomes;
}
