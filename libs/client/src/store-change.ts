import { fieldsOf, StateStoreError, type Job, type NewJob } from '@joblet/state-store';
import type { StateClient } from './state-client.js';
import type { Change } from './unstored-changes.js';

/** Makes the service's job what the cached one is after this change, also when the change was sent before. */
export async function storeChange(
  client: Omit<StateClient, 'close'>,
  uuid: string,
  { kind, removed }: Change,
  job: Job | undefined,
): Promise<void> {
  if (kind === 'delete' || kind === 'replace' || job === undefined) {
    await ignoring('JOB_NOT_FOUND', client.delete(uuid));
    if (job === undefined || kind === 'delete') return;
  }
  const whole = asNewJob(job, removed);
  // It may be there already: a request may have been carried out whose answer was lost.
  if (kind === 'update') {
    if (await ignoring('JOB_NOT_FOUND', client.update(whole))) return;
    await client.create(asNewJob(job));
  } else if (!(await ignoring('JOB_EXISTS', client.create(asNewJob(job))))) {
    await client.update(whole);
  }
}

/** All of a cached job but what the service says itself; fields that are gone are null. */
export function asNewJob(job: Job, removed: ReadonlySet<string> = new Set()): NewJob {
  const fields = fieldsOf(job);
  for (const stamp of ['version', 'updatedAt']) fields.delete(stamp);
  for (const name of removed) if (!fields.has(name)) fields.set(name, 'null');
  return { uuid: job.uuid, nodeId: job.nodeId, owner: job.owner === '' ? undefined : job.owner, fields };
}

/** Whether it was done; false when it could not be for this reason. */
async function ignoring(code: StateStoreError['code'], work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof StateStoreError && error.code === code) return false;
    throw error;
  }
}
