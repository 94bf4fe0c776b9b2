import type { JobRecord } from '@joblet/state-store';
import type { Connection } from './connection.js';
import { jobKey } from './keys.js';
import { FETCHED_RECORDS_MAX } from './limits.js';
import { RECORD_FIELDS, recordOf } from './record-hash.js';

/** What is stored under a uuid. */
export interface Stored {
  /** As Redis has it; '' when there is nothing. */
  readonly version: string;
  /** What counts: no tombstone that has expired by the store's own clock. */
  readonly record: JobRecord | undefined;
}

export async function fetchRecord(connection: Connection, uuid: string, now: number): Promise<Stored> {
  return storedOf(uuid, await connection.send('HMGET', jobKey(uuid), ...RECORD_FIELDS), now);
}

export async function fetchRecords(
  connection: Connection,
  uuids: readonly string[],
  now: number,
): Promise<Map<string, Stored>> {
  const stored = new Map<string, Stored>();
  for (let from = 0; from < uuids.length; from += FETCHED_RECORDS_MAX) {
    const some = uuids.slice(from, from + FETCHED_RECORDS_MAX);
    const found = await Promise.all(some.map((uuid) => fetchRecord(connection, uuid, now)));
    for (const [index, uuid] of some.entries()) stored.set(uuid, found[index]);
  }
  return stored;
}

export function storedOf(uuid: string, fields: readonly (string | null)[], now: number): Stored {
  const record = recordOf(uuid, fields);
  const isExpired = record?.kind === 'tombstone' && record.expiresAt <= now;
  return { version: fields[0] ?? '', record: isExpired ? undefined : record };
}
