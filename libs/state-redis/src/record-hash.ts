import { isTerminal, liveRecord, StateStoreError, type Job, type JobRecord } from '@joblet/state-store';

/**
 * A record's hash: a job has all but `expiresAt`, a tombstone has `version` and `expiresAt`. What stores look for is there
 * beside the job's JSON, so that nobody has to read that.
 */
export const JOB_FIELDS = [
  'version',
  'job',
  'upserted',
  'createdAt',
  'updatedAt',
  'status',
  'nodeId',
  'owner',
  'startTime',
  'endTime',
] as const;

/** What a record is read with; a field that it has not is null. */
export const RECORD_FIELDS = [...JOB_FIELDS, 'expiresAt'] as const;

/** In the order of RECORD_FIELDS; a single one is Redis' error. */
export type RecordFields = readonly (string | null)[];

/** The fields as they come, in the order of RECORD_FIELDS; undefined: nothing is stored. */
export function recordOf(uuid: string, fields: RecordFields): JobRecord | undefined {
  if (fields.length === 1)
    throw new StateStoreError('INTERNAL', `the record of job ${uuid} in Redis cannot be read: ${fields[0]}`);
  const [version, json, upserted] = fields;
  const expiresAt = fields[JOB_FIELDS.length];
  if (version === null) return undefined;
  if (json !== null) return liveRecord(jobOf(uuid, fields), upserted === '1');
  if (expiresAt !== null)
    return { kind: 'tombstone', uuid, version: Number(version), expiresAt: Number(expiresAt) };
  throw new StateStoreError('INTERNAL', `the record of job ${uuid} in Redis is damaged: it has no job`);
}

/** Of a hash that has one; its fields in the order of JOB_FIELDS. */
export function jobOf(uuid: string, fields: RecordFields): Job {
  const [version, json, , createdAt, updatedAt, status, nodeId, owner, startTime, endTime] = fields.map(
    (field) => field ?? '',
  );
  return Object.freeze({
    uuid,
    status,
    nodeId,
    owner,
    createdAt,
    updatedAt,
    startTime,
    endTime,
    version: Number(version),
    json,
  });
}

/** What scripts take for a record: a tombstone's two arguments, or JOB_FIELDS and when the job expires, or ''. */
export function argumentsOf(record: JobRecord, now: number, ttlMs: number): string[] {
  if (record.kind === 'tombstone') return [String(record.version), String(record.expiresAt)];
  const { json, createdAt, updatedAt, status, nodeId, owner, startTime, endTime } = record.job;
  const upserted = record.isUpserted ? '1' : '0';
  const expires = ttlMs > 0 && isTerminal(status) ? String(now + ttlMs) : '';
  return [
    String(record.version),
    json,
    upserted,
    createdAt,
    updatedAt,
    status,
    nodeId,
    owner,
    startTime,
    endTime,
    expires,
  ];
}
