import { fieldsOf, instantOf, StateStoreError, type Job, type NewJob } from '@joblet/state-store';
import type { OfflineStore } from './offline-store.js';

export interface PutCounts {
  readonly put: number;
  /** There already, just so. */
  readonly unchanged: number;
}

/** A job that is not in the store as it was given: why. */
export type OnLeft = (uuid: string, reason: string) => Promise<void>;

/** Jobs between two looks at the progress. */
export const BATCH = 64;

/** Stored at a time: as many as a remote store answers at once without being throttled. */
const AT_A_TIME = 16;

/**
 * Puts jobs into a store, as they are, their versions and times too, and reads each back. A job that the store has is
 * replaced when the given one was changed later, else left and told.
 */
export async function putJobs(
  store: OfflineStore,
  jobs: readonly NewJob[],
  onLeft: OnLeft,
): Promise<PutCounts> {
  let [put, unchanged] = [0, 0];
  for (let from = 0; from < jobs.length; from += AT_A_TIME) {
    const results = await Promise.all(
      jobs.slice(from, from + AT_A_TIME).map((job) => putJob(store, job, onLeft)),
    );
    put += results.filter((result) => result === 'put').length;
    unchanged += results.filter((result) => result === 'unchanged').length;
  }
  return { put, unchanged };
}

async function putJob(
  store: OfflineStore,
  job: NewJob,
  onLeft: OnLeft,
): Promise<'put' | 'unchanged' | 'left'> {
  try {
    const found = await findJob(store, job.uuid);
    if (found !== undefined && isSame(found, job)) return 'unchanged';
    if (found !== undefined) {
      if (updatedAtOf(job) <= found.updatedAt) {
        await onLeft(job.uuid, `${store.name} has another one, which was changed later or at the same time`);
        return 'left';
      }
      await store.medium.delete(job.uuid, { expectedVersion: found.version });
    }
    await store.create(job);
  } catch (error) {
    if (!(error instanceof StateStoreError) || !ABOUT_ONE_JOB.has(error.code)) throw error;
    await onLeft(job.uuid, error.message);
    return 'left';
  }
  const stored = await findJob(store, job.uuid);
  if (stored !== undefined && isSame(stored, job)) return 'put';
  await onLeft(job.uuid, `${store.name} gives back another one than was put`);
  return 'left';
}

const ABOUT_ONE_JOB: ReadonlySet<string> = new Set([
  'TOO_LARGE',
  'INVALID_ARGUMENT',
  'JOB_EXISTS',
  'LOCK_FAILED',
]);

async function findJob({ medium }: OfflineStore, uuid: string): Promise<Job | undefined> {
  try {
    return await medium.get(uuid);
  } catch (error) {
    if (error instanceof StateStoreError && error.code === 'JOB_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Secrets that came in clear are sealed with a nonce of their own, or left out: these cannot be compared. */
function isSame(stored: Job, job: NewJob): boolean {
  const fields = fieldsOf(stored);
  const isClear = job.fields.has('secretEnvironment');
  const names = new Set([...fields.keys(), ...job.fields.keys()]);
  for (const name of isClear ? ['secretEnvironment', 'sealedSecretEnvironment'] : []) names.delete(name);
  // What a job does not say of itself is stamped by the store.
  for (const name of ['version', 'createdAt', 'updatedAt']) if (!job.fields.has(name)) names.delete(name);
  return [...names].every((name) => (fields.get(name) ?? 'null') === (job.fields.get(name) ?? 'null'));
}

/** As an instant, which compares as text; '' when the job does not say. */
function updatedAtOf(job: NewJob): string {
  const text = job.fields.get('updatedAt');
  return (text === undefined ? undefined : instantOf(JSON.parse(text) as string)) ?? '';
}
