import type { Job } from './job.js';
import { readStoredJob } from './stored-job.js';
import { StateStoreError } from './state-store-error.js';

/**
 * What a backend keeps under a uuid. Every change of it makes the version grow, so that comparing the version makes
 * any change atomic.
 */
export type JobRecord = LiveRecord | Tombstone;

export interface LiveRecord {
  readonly kind: 'job';
  readonly uuid: string;
  /** That of the job. */
  readonly version: number;
  readonly job: Job;
  /** The mark of a job that an update created: its first create succeeds and clears it. */
  readonly isUpserted: boolean;
}

/** What is left of a deleted job, until it expires: counts as no record then, and may be removed. */
export interface Tombstone {
  readonly kind: 'tombstone';
  readonly uuid: string;
  readonly version: number;
  /** Unix time in milliseconds. */
  readonly expiresAt: number;
}

/** The record as text, for backends whose medium has no fields. */
export function encodeRecord(record: JobRecord): string {
  if (record.kind === 'job') return (record.isUpserted ? 'u' : 'j') + record.job.json;
  const { uuid, version, expiresAt } = record;
  return `t${JSON.stringify({ uuid, version, expiresAt })}`;
}

/** The record of `encodeRecord`'s text. INTERNAL when it is none. */
export function decodeRecord(text: string): JobRecord {
  const kind = text[0];
  const json = text.slice(1);
  if (kind === 'j' || kind === 'u') return liveRecord(readStoredJob(json), kind === 'u');
  if (kind === 't') return readTombstone(json);
  throw damaged('its kind is unknown');
}

function readTombstone(json: string): Tombstone {
  let found: Partial<Tombstone> | null;
  try {
    found = JSON.parse(json) as Partial<Tombstone> | null;
  } catch (error) {
    throw damaged('its tombstone is no JSON', error);
  }
  const { uuid, version, expiresAt } = found ?? {};
  if (typeof uuid === 'string' && typeof version === 'number' && typeof expiresAt === 'number') {
    return { kind: 'tombstone', uuid, version, expiresAt };
  }
  throw damaged('its tombstone is incomplete');
}

function damaged(reason: string, cause?: unknown): StateStoreError {
  return new StateStoreError('INTERNAL', `a stored record is damaged: ${reason}`, { cause });
}

export function liveRecord(job: Job, isUpserted: boolean): LiveRecord {
  return { kind: 'job', uuid: job.uuid, version: job.version, job, isUpserted };
}
