import { setImmediate } from 'node:timers/promises';
import type { JobFilter } from '../../filter.js';
import type { Job, NewJob } from '../../job.js';
import { knownField } from '../../known-fields.js';
import { createMemoryStore } from '../../memory-store.js';
import { StateStoreError, type StateStoreErrorCode } from '../../state-store-error.js';
import type { JobPage, StateStore, UpdateOptions } from '../../state-store.js';
import { fieldsOf, storedJob, type Stamps } from '../../stored-job.js';
import type { Clock } from '../clock.js';
import type { StoreUnderTest } from '../subject.js';

/** A store with one mistake, and the cases of the suite that must tell it. */
export interface BrokenStore extends Mistake {
  readonly theme: string;
}

export interface Mistake {
  readonly mistake: string;
  readonly fails: readonly string[];
  readonly create: (clock: Clock) => Promise<StoreUnderTest>;
}

export type Fields = ReadonlyMap<string, string>;

export function themed(theme: string, mistakes: readonly Mistake[]): BrokenStore[] {
  return mistakes.map((mistake) => ({ ...mistake, theme }));
}

/** The memory store with other methods in place of its own. */
export function altered(
  change: (right: StateStore, clock: Clock) => Partial<StateStore>,
): (clock: Clock) => Promise<StoreUnderTest> {
  return async (clock) => {
    const right = createMemoryStore({ now: clock.now });
    return { store: { ...forwarding(right), ...change(right, clock) }, dispose: async () => undefined };
  };
}

/** All methods of the store as properties, so that a spread takes them. */
export function forwarding(right: StateStore): StateStore {
  return {
    supports: right.supports,
    create: (job, options) => right.create(job, options),
    get: (uuid) => right.get(uuid),
    update: (job, options) => right.update(job, options),
    delete: (uuid, options) => right.delete(uuid, options),
    list: (filter) => right.list(filter),
    sync: (jobs, scope) => right.sync(jobs, scope),
    healthCheck: () => right.healthCheck(),
    close: () => right.close(),
    [Symbol.asyncDispose]: () => right.close(),
  };
}

/** Stores other fields than it is given. */
export function storing(change: (fields: Fields) => Fields): Mistake['create'] {
  const changed = (job: NewJob): NewJob => ({ ...job, fields: change(job.fields) });
  return altered((right) => ({
    create: (job, options) => right.create(changed(job), options),
    update: (job, options) => right.update(changed(job), options),
    sync: (jobs, scope) => right.sync(jobs.map(changed), scope),
  }));
}

/** Answers other jobs than it has. */
export function giving(change: (job: Job) => Job): Mistake['create'] {
  return altered((right) => ({
    create: async (job, options) => change(await right.create(job, options)),
    update: async (job, options) => change(await right.update(job, options)),
    get: async (uuid) => change(await right.get(uuid)),
    list: async (filter) => {
      const page = await right.list(filter);
      return { ...page, jobs: page.jobs.map(change) };
    },
  }));
}

/** Lists otherwise. */
export function listing(
  change: (list: (filter?: JobFilter) => Promise<JobPage>, filter: JobFilter) => Promise<JobPage>,
): Mistake['create'] {
  return altered((right) => ({
    list: (filter = {}) => change((other) => right.list(other), filter),
  }));
}

/** Updates otherwise. */
export function updating(
  change: (right: StateStore, job: NewJob, options: UpdateOptions) => ReturnType<StateStore['update']>,
): Mistake['create'] {
  return altered((right) => ({ update: (job, options = {}) => change(right, job, options) }));
}

/** The job with other stamps, and consistent with them. */
export function restamped(job: Job, stamps: Partial<Stamps>): Job {
  const fields = fieldsOf(job);
  return storedJob(fields, {
    owner: job.owner,
    createdAt: fields.get('createdAt') ?? '""',
    updatedAt: fields.get('updatedAt') ?? '""',
    version: job.version,
    ...stamps,
  });
}

/** The job with more fields, or with others in their place. */
export function withFields(job: NewJob, more: Iterable<readonly [string, string]>): NewJob {
  return { ...job, fields: new Map([...job.fields, ...more]) };
}

/** The job with the values that JSON.parse and JSON.stringify make of its own. */
export function reparsed(job: NewJob): NewJob {
  return withFields(
    job,
    [...job.fields].map(([name, text]) => [name, reparsedText(text)] as const),
  );
}

export function reparsedText(text: string): string {
  return JSON.stringify(JSON.parse(text));
}

/** What the call gives, or what `instead` gives when it rejects with this code. */
export async function unless<Value>(
  code: StateStoreErrorCode,
  call: Promise<Value>,
  instead: () => Value | Promise<Value>,
): Promise<Value> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StateStoreError && error.code === code) return instead();
    throw error;
  }
}

export function found(store: StateStore, uuid: string): Promise<Job | undefined> {
  return unless<Job | undefined>('JOB_NOT_FOUND', store.get(uuid), () => undefined);
}

/** A while, in which other calls go on. */
export async function aWhile(): Promise<void> {
  await setImmediate();
}

/** The update with what it makes of the stored job's fields, if that is there. */
export async function withStored(
  right: StateStore,
  job: NewJob,
  change: (name: string, text: string) => string | undefined,
): Promise<NewJob> {
  const stored = await found(right, job.uuid);
  const more: [string, string][] = [];
  for (const [name, text] of stored ? fieldsOf(stored) : []) {
    const changed = job.fields.has(name) ? undefined : change(name, text);
    if (changed !== undefined) more.push([name, changed]);
  }
  return withFields(job, more);
}

export function isUnknown(name: string): boolean {
  return knownField(name) === undefined;
}
