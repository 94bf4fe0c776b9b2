import type { JobRecord } from '@joblet/state-store';
import type { Connection } from './connection.js';
import { FETCHED_RECORDS_MAX } from './limits.js';
import { recordOf, type RecordFields } from './record-hash.js';
import { READ } from './scripts/read.js';

/** What is stored under a uuid. */
export interface Stored {
  /** As Redis has it; '' when there is nothing. */
  readonly version: string;
  /** What counts: no tombstone that has expired by the store's own clock. */
  readonly record: JobRecord | undefined;
}

/** By uuid, each, whether something is stored there or not: one that is damaged is to harm nobody else's read. */
export async function fetchFields(
  connection: Connection,
  uuids: readonly string[],
): Promise<Map<string, RecordFields>> {
  const found = await connection.run<RecordFields[]>(READ, ...uuids);
  return new Map(uuids.map((uuid, index) => [uuid, found[index]]));
}

export async function fetchRecords(
  connection: Connection,
  uuids: readonly string[],
  now: number,
): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>();
  for (let from = 0; from < uuids.length; from += FETCHED_RECORDS_MAX) {
    const fields = await fetchFields(connection, uuids.slice(from, from + FETCHED_RECORDS_MAX));
    for (const [uuid, found] of fields) stored.set(uuid, storedOf(uuid, found, now));
  }
  return stored;
}

/** INTERNAL when it is damaged. */
export function storedOf(uuid: string, fields: RecordFields, now: number): Stored {
  const record = recordOf(uuid, fields);
  const isExpired = record?.kind === 'tombstone' && record.expiresAt <= now;
  return { version: fields[0] ?? '', record: isExpired ? undefined : record };
}
