import type { ClassicLevel } from 'classic-level';
import type { Job } from '@joblet/state-store';
import { damaged } from './errors.js';
import type { View } from './index-walk.js';
import { recordKey } from './keys.js';
import { FETCHED_RECORDS_MAX } from './limits.js';
import { decodeValue } from './record-value.js';

/** By uuid, the stored text of each record that there is. */
export async function fetchValues(
  level: ClassicLevel<string, string>,
  uuids: readonly string[],
  snapshot?: View['snapshot'],
): Promise<Map<string, string>> {
  const values = new Map<string, string>();
  for (let from = 0; from < uuids.length; from += FETCHED_RECORDS_MAX) {
    const some = uuids.slice(from, from + FETCHED_RECORDS_MAX);
    const found = await level.getMany(some.map(recordKey), { snapshot });
    for (const [index, value] of found.entries()) if (value !== undefined) values.set(some[index], value);
  }
  return values;
}

/** The jobs that an index tells of, in the same order. INTERNAL when one is not there. */
export async function fetchJobs({ level, snapshot }: View, uuids: readonly string[]): Promise<Job[]> {
  const values = await fetchValues(level, uuids, snapshot);
  return uuids.map((uuid) => {
    const value = values.get(uuid);
    const record = value === undefined ? undefined : decodeValue(uuid, value);
    if (record?.kind === 'job') return record.job;
    throw damaged(`LevelDB in ${level.location} has job ${uuid} in an index, but no record of it`);
  });
}
