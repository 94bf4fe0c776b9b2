import type { Job, NewJob } from './job.js';
import { nonZeroInstant } from './instant.js';
import { liveRecord, type JobRecord, type LiveRecord, type Tombstone } from './job-record.js';
import { knownField } from './known-fields.js';
import { TOMBSTONE_MS } from './limits.js';
import { textOf, withOwner } from './new-job.js';
import { StateStoreError } from './state-store-error.js';
import type { CreateOptions, DeleteOptions, UpdateOptions } from './state-store.js';
import { fieldsOf, isStamp, storedJob } from './stored-job.js';

/**
 * What each operation makes of a job's record. A backend reads the record, applies the operation, and writes the
 * result in one atomic step: it fails, and starts again, when the version of what is stored has changed meanwhile.
 * `now` is Unix time in milliseconds.
 */

/** JOB_EXISTS when it is there, unless an update created it: then the stored job stays as it is, without the mark. */
export function applyCreate(
  record: JobRecord | undefined,
  job: NewJob,
  now: number,
  { restore = false }: CreateOptions = {},
): LiveRecord {
  if (record?.kind === 'job') {
    if (!record.isUpserted) throw StateStoreError.jobExists(job.uuid);
    return liveRecord(withVersion(record.job, record.version + 1), false);
  }
  if (restore) return liveRecord(restoredJob(job, now), false);
  return liveRecord(createdJob(job.fields, job, nextVersion(record, now), now), false);
}

/** JOB_NOT_FOUND, LOCK_FAILED. With `upsert` a job that was never there is created, and marked. */
export function applyUpdate(
  record: JobRecord | undefined,
  job: NewJob,
  now: number,
  { expectedVersion, upsert = false, owner = '' }: UpdateOptions = {},
): LiveRecord {
  if (record?.kind === 'job') {
    checkVersion(record, expectedVersion);
    return liveRecord(updatedJob(record.job, job, now), record.isUpserted);
  }
  const isUpserted = upsert && expectedVersion === undefined && !isTombstone(record, now);
  if (!isUpserted) throw StateStoreError.jobNotFound(job.uuid);
  const created = withOwner(job, owner);
  return liveRecord(createdJob(withoutNulls(created.fields), created, nextVersion(record, now), now), true);
}

/** JOB_NOT_FOUND, LOCK_FAILED. */
export function applyDelete(
  record: JobRecord | undefined,
  uuid: string,
  now: number,
  { expectedVersion }: DeleteOptions = {},
): Tombstone {
  if (record?.kind !== 'job') throw StateStoreError.jobNotFound(uuid);
  checkVersion(record, expectedVersion);
  return { kind: 'tombstone', uuid, version: record.version + 1, expiresAt: now + TOMBSTONE_MS };
}

/**
 * One job of a sync: created, whether or not it was deleted just now, or updated; undefined when that would change
 * nothing but `updatedAt`.
 */
export function applySync(record: JobRecord | undefined, job: NewJob, now: number): LiveRecord | undefined {
  if (record?.kind !== 'job')
    return liveRecord(createdJob(withoutNulls(job.fields), job, nextVersion(record, now), now), false);
  const before = fieldsOf(record.job);
  const after = mergedFields(before, job);
  const isSame = (job.owner ?? record.job.owner) === record.job.owner && hasSameFields(before, after);
  return isSame ? undefined : liveRecord(updatedJob(record.job, job, now), record.isUpserted);
}

/** Whether the record keeps updates from creating the job again. */
export function isTombstone(record: JobRecord | undefined, now: number): boolean {
  return record?.kind === 'tombstone' && record.expiresAt > now;
}

function checkVersion(record: LiveRecord, expected: number | undefined): void {
  if (expected !== undefined && expected !== record.version)
    throw StateStoreError.lockFailed(record.uuid, record.version, expected);
}

/** Goes on where a deleted job's ended, so that nobody takes the new one for the old. */
function nextVersion(record: JobRecord | undefined, now: number): number {
  return record !== undefined && isTombstone(record, now) ? record.version + 1 : 1;
}

function createdJob(fields: ReadonlyMap<string, string>, job: NewJob, version: number, now: number): Job {
  const time = timeJson(now);
  const createdAt = givenTime(fields, 'createdAt') ?? givenTime(fields, 'startTime') ?? time;
  const updatedAt = givenTime(fields, 'updatedAt') ?? time;
  return storedJob(fields, { owner: job.owner ?? '', createdAt, updatedAt, version });
}

function restoredJob(job: NewJob, now: number): Job {
  const version = Number(job.fields.get('version') ?? 1);
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new StateStoreError(
      'INVALID_ARGUMENT',
      `job ${job.uuid} has version ${version}; expected a whole number from 1 to ${Number.MAX_SAFE_INTEGER}`,
    );
  }
  return createdJob(job.fields, job, version, now);
}

function updatedJob(stored: Job, update: NewJob, now: number): Job {
  const before = fieldsOf(stored);
  return storedJob(mergedFields(before, update), {
    owner: update.owner ?? stored.owner,
    createdAt: before.get('createdAt') ?? timeJson(now),
    updatedAt: timeJson(now),
    version: stored.version + 1,
  });
}

/** Known fields are those of the update; of the others, those that it does not have stay. */
function mergedFields(before: ReadonlyMap<string, string>, update: NewJob): Map<string, string> {
  const fields = withoutNulls(update.fields);
  for (const [name, text] of before) {
    const isKept = knownField(name)?.isReplaced !== true && !update.fields.has(name);
    if (isKept) fields.set(name, text);
  }
  return fields;
}

/** Whether they say the same, in whatever order; a null is as good as nothing, and stamps do not count. */
function hasSameFields(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): boolean {
  const names = new Set([...before.keys(), ...after.keys()]);
  for (const name of names) {
    if (isStamp(name)) continue;
    if ((before.get(name) ?? 'null') !== (after.get(name) ?? 'null')) return false;
  }
  return true;
}

function withVersion(job: Job, version: number): Job {
  const fields = fieldsOf(job);
  const [createdAt, updatedAt] = [fields.get('createdAt') ?? '""', fields.get('updatedAt') ?? '""'];
  return storedJob(fields, { owner: job.owner, createdAt, updatedAt, version });
}

function withoutNulls(fields: ReadonlyMap<string, string>): Map<string, string> {
  const rest = new Map<string, string>();
  for (const [name, text] of fields) if (text !== 'null') rest.set(name, text);
  return rest;
}

/** The JSON of a time that the job gives itself; undefined for Go's zero time. */
function givenTime(fields: ReadonlyMap<string, string>, name: string): string | undefined {
  const instant = nonZeroInstant(textOf(fields, name) ?? '');
  return instant === undefined || instant === '' ? undefined : fields.get(name);
}

function timeJson(now: number): string {
  if (now !== latest.now) latest = { now, json: `"${new Date(now).toISOString()}"` };
  return latest.json;
}

/** Many changes are of the same millisecond. */
let latest = { now: NaN, json: '' };
