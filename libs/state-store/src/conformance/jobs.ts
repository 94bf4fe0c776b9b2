import assert from 'node:assert/strict';
import type { JobFilter } from '../filter.js';
import type { Job, NewJob } from '../job.js';
import type { JsonValue } from '../json-value.js';
import { newJob } from '../new-job.js';
import type { StateStore } from '../state-store.js';
import { fieldsOf, readStoredJob } from '../stored-job.js';

export const UUID = 'job-1';

/** A running job; fields that are given as undefined are left out. */
export function job(fields: { readonly [key: string]: JsonValue | undefined } = {}): NewJob {
  return newJob({ uuid: UUID, status: 'RUNNING', command: '/bin/true', nodeId: 'node-1', ...fields });
}

/** JSON that is another text once it has been parsed and written again. */
export const EXACT = '{"n":9007199254740993,"z":1.50,"10":1,"9":[-0,1E400],"text":"\\u0041"}';

/** As `job`, with the field `exact`, whose value is EXACT. */
export function exactJob(fields: { readonly [key: string]: JsonValue | undefined } = {}): NewJob {
  const plain = job(fields);
  return { ...plain, fields: new Map([...plain.fields, ['exact', EXACT]]) };
}

/** The time so many seconds after one that is always the same. */
export function time(seconds: number): string {
  return new Date(Date.UTC(2025, 10, 20) + seconds * 1000).toISOString();
}

/** The job, after making sure that what a store looks for is what its JSON says. */
export function consistent(found: Job): Job {
  assert.deepEqual({ ...found }, { ...readStoredJob(found.json) }, `job ${found.uuid} and its json`);
  return found;
}

export async function get(store: StateStore, uuid = UUID): Promise<Job> {
  return consistent(await store.get(uuid));
}

/** All jobs of one answer, which must be the only page. */
export async function listed(store: StateStore, filter?: JobFilter): Promise<readonly Job[]> {
  const { jobs, nextCursor } = await store.list(filter);
  assert.equal(nextCursor, undefined, 'nextCursor of a list that has all jobs');
  return jobs.map(consistent);
}

export async function uuids(store: StateStore, filter?: JobFilter): Promise<string[]> {
  return (await listed(store, filter)).map(({ uuid }) => uuid);
}

/** The JSON of one field, as it is stored. */
export function field(found: Job, name: string): string | undefined {
  return fieldsOf(found).get(name);
}

/** Makes sure that get and list answer with just this job. */
export async function sameStored(store: StateStore, expected: Job): Promise<void> {
  assert.deepEqual({ ...(await get(store, expected.uuid)) }, { ...expected }, 'the job that get answers');
  const inList = (await listed(store)).find(({ uuid }) => uuid === expected.uuid);
  assert.deepEqual(inList && { ...inList }, { ...expected }, 'the job that list answers');
}
