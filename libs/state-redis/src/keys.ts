/**
 * Every key in the database. All have the same hash tag, so that a cluster keeps them together; scripts make the keys of
 * jobs and indexes of it (scripts/common.ts).
 *
 * - `format`: FORMAT
 * - `epoch`: how many syncs have changed something
 * - `job:` uuid: a hash, see record-hash.ts
 * - `created`, `updated`, `status:` status, `node:` nodeId: sorted sets whose members are a time, NUL, a uuid, all with
 *   the score 0, so that their order is that of the bytes; the time is createdAt but for `updated`
 * - `expiring`: a sorted set of the jobs that expire, by the time when they do; what the indexes have of them
 */
export const KEY_PREFIX = '{joblet:state}:';

export const FORMAT_KEY = `${KEY_PREFIX}format`;
export const FORMAT = '1';

export function jobKey(uuid: string): string {
  return `${KEY_PREFIX}job:${uuid}`;
}

/** The names of the indexes, behind the prefix. */
export const byCreation = 'created';
export const byUpdate = 'updated';
export const ofStatus = (status: string): string => `status:${status}`;
export const ofNode = (nodeId: string): string => `node:${nodeId}`;
