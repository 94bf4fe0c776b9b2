import { applySync, fieldsOf, liveRecord, StateStoreError, type Job, type NewJob } from '@joblet/state-store';
import type { StateClient } from './state-client.js';
import type { Change } from './unstored-changes.js';

/** What the service is known to have of a job. */
export interface StoredJob {
  /** The cache's job that it was made of. */
  readonly sent: Job;
  /** Of the service's job; undefined when it has not told. */
  readonly version: number | undefined;
  readonly updatedAt: string | undefined;
}

export interface SentChange {
  readonly uuid: string;
  readonly change: Change;
  /** As the cache has it; undefined when it is not there. */
  readonly job: Job | undefined;
  readonly last: StoredJob | undefined;
  /** Whether `last` was learnt on this connection: when the job is not there then, somebody else has deleted it. */
  readonly isThere: boolean;
}

type Client = Omit<StateClient, 'close'>;

/**
 * Makes the service's job what the cached one is after this change, also when the change was sent before. Gives the
 * service's job, undefined when it is deleted. Nothing is written over what somebody else has changed since it was
 * looked at. JOB_EXISTS when the service's job has another owner, JOB_NOT_FOUND when somebody else has deleted it, LOCK_FAILED
 * when somebody else changes it all the time.
 */
export async function storeChange(client: Client, sent: SentChange): Promise<Job | undefined> {
  const { job, change } = sent;
  const isRemoved = change.kind === 'delete' || change.kind === 'replace';
  if (isRemoved) await remove(client, sent);
  if (job === undefined || change.kind === 'delete') return undefined;
  return put(client, isRemoved ? { ...sent, last: undefined, isThere: false } : sent, job);
}

/** All of a cached job but what the service says itself; fields that are gone are null. */
export function asNewJob(job: Job, removed: ReadonlySet<string> = new Set()): NewJob {
  const fields = fieldsOf(job);
  for (const stamp of ['version', 'updatedAt']) fields.delete(stamp);
  for (const name of removed) if (!fields.has(name)) fields.set(name, 'null');
  return { uuid: job.uuid, nodeId: job.nodeId, owner: job.owner === '' ? undefined : job.owner, fields };
}

async function remove(client: Client, sent: SentChange): Promise<void> {
  const { uuid, last, isThere } = sent;
  const expectedVersion = isThere ? last?.version : undefined;
  if (expectedVersion !== undefined && (await isDeleted(client, uuid, expectedVersion))) return;
  const found = await unless('JOB_NOT_FOUND', client.get(uuid));
  if (found === undefined) return;
  checkOwner(found, sent);
  if (!(await isDeleted(client, uuid, found.version))) throw changing(uuid);
}

/** False: it has another version. */
async function isDeleted(client: Client, uuid: string, expectedVersion: number): Promise<boolean> {
  const work = unless('JOB_NOT_FOUND', client.delete(uuid, { expectedVersion }));
  return (
    (await unless(
      'LOCK_FAILED',
      work.then(() => true),
    )) ?? false
  );
}

async function put(client: Client, sent: SentChange, job: Job): Promise<Job> {
  const { uuid, change, last, isThere } = sent;
  const whole = asNewJob(job, change.removed);
  let found: Job | undefined;
  if (isThere) {
    const expectedVersion = last?.version;
    if (expectedVersion !== undefined) {
      const updated = await unless('LOCK_FAILED', client.update(whole, { expectedVersion }));
      if (updated !== undefined) return updated;
    }
  } else if (change.kind !== 'update') {
    // It may be there already: the request may have been carried out whose answer was lost.
    found = await unless('JOB_EXISTS', client.create(asNewJob(job)));
    // A later version may be that of a job which an update of somebody else had made: a create answers with it.
    if (found?.version === 1) return found;
  }
  found ??= await unless('JOB_NOT_FOUND', client.get(uuid));
  if (found === undefined) return createAgain(client, sent, job);
  checkOwner(found, sent);
  if (isSame(found, whole, sent)) return found;
  return client.update(whole, { expectedVersion: found.version });
}

/** What is not there was lost by the service, unless it has had it on this connection. */
async function createAgain(client: Client, { uuid, isThere }: SentChange, job: Job): Promise<Job> {
  if (isThere) throw StateStoreError.jobNotFound(uuid);
  const created = await unless('JOB_EXISTS', client.create(asNewJob(job)));
  if (created === undefined) throw changing(uuid);
  return created;
}

/** Whether an update would change nothing; a service that leaves secrets out has what it was given too. */
function isSame(found: Job, whole: NewJob, { job, last }: SentChange): boolean {
  const isAsLeft =
    last?.sent === job && last?.version === found.version && last.updatedAt === found.updatedAt;
  return isAsLeft || applySync(liveRecord(found, false), whole, 0) === undefined;
}

function checkOwner(found: Job, { uuid, change, job }: SentChange): void {
  if (found.owner === change.owner || found.owner === job?.owner) return;
  throw new StateStoreError(
    'JOB_EXISTS',
    `job ${uuid} exists already, and its owner is ${ownerText(found.owner)}, not ${ownerText(change.owner)}`,
  );
}

function ownerText(owner: string): string {
  return owner === '' ? 'a daemon' : JSON.stringify(owner);
}

function changing(uuid: string): StateStoreError {
  return new StateStoreError('LOCK_FAILED', `job ${uuid} is changed by somebody else at the same time`);
}

/** Undefined when it could not be done for this reason. */
async function unless<T>(code: StateStoreError['code'], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StateStoreError && error.code === code) return undefined;
    throw error;
  }
}
