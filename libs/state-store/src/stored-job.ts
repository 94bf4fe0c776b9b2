import { nonZeroInstant } from './instant.js';
import type { Job } from './job.js';
import { jsonMembers } from './json-object.js';
import { knownField } from './known-fields.js';
import { parseJson, type JsonValue } from './json-value.js';
import { textOf } from './new-job.js';
import { StateStoreError } from './state-store-error.js';

/** What the store says of a job, besides what the job says. */
export interface Stamps {
  readonly owner: string;
  /** JSON, as it came. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
}

/** The job with these fields, in their order, but for those that are stamps. */
export function storedJob(fields: ReadonlyMap<string, string>, stamps: Stamps): Job {
  const members: string[] = [];
  for (const [name, text] of fields) if (!isStamp(name)) members.push(keyOf(name) + text);
  if (stamps.owner !== '') members.push(`"owner":${JSON.stringify(stamps.owner)}`);
  members.push(
    `"createdAt":${stamps.createdAt}`,
    `"updatedAt":${stamps.updatedAt}`,
    `"version":${stamps.version}`,
  );
  // Joined, which makes one flat text: a sum would keep the line that its parts came in.
  const json = ['{', members.join(','), '}'].join('');
  return jobOf(
    fields,
    stamps.owner,
    textOfJson(stamps.createdAt),
    textOfJson(stamps.updatedAt),
    stamps.version,
    json,
  );
}

/** The job of a `Job.json` that a backend has kept. INTERNAL when it is none. */
export function readStoredJob(json: string): Job {
  let job: Job;
  try {
    const fields = jsonMembers(json);
    const [owner, createdAt, updatedAt] = ['owner', 'createdAt', 'updatedAt'].map(
      (name) => textOf(fields, name) ?? '',
    );
    job = jobOf(fields, owner, createdAt, updatedAt, Number(fields.get('version')), json);
  } catch (error) {
    throw new StateStoreError('INTERNAL', 'a stored job is damaged: its text is no JSON', { cause: error });
  }
  const isWhole =
    json.endsWith('}') &&
    [job.uuid, job.status, job.nodeId, job.owner].every((text) => typeof text === 'string') &&
    job.uuid !== '' &&
    Number.isSafeInteger(job.version);
  if (isWhole) return job;
  throw new StateStoreError('INTERNAL', 'a stored job is damaged: its uuid, version or end is missing');
}

/** JSON of each value by key. */
export function fieldsOf(job: Job): Map<string, string> {
  return jsonMembers(job.json);
}

/** One field's value; undefined when the job has none. */
export function fieldOf(job: Job, name: string): JsonValue | undefined {
  const text = jsonMembers(job.json).get(name);
  return text === undefined ? undefined : parseJson(text);
}

function jobOf(
  fields: ReadonlyMap<string, string>,
  owner: string,
  createdAt: string,
  updatedAt: string,
  version: number,
  json: string,
): Job {
  return Object.freeze({
    uuid: textOf(fields, 'uuid') ?? '',
    status: textOf(fields, 'status') ?? '',
    nodeId: textOf(fields, 'nodeId') ?? '',
    owner,
    createdAt: nonZeroInstant(createdAt) ?? '',
    updatedAt: nonZeroInstant(updatedAt) ?? '',
    startTime: nonZeroInstant(textOf(fields, 'startTime') ?? '') ?? '',
    endTime: nonZeroInstant(textOf(fields, 'endTime') ?? '') ?? '',
    version,
    json,
  });
}

/** Whether the store writes the field, not the job. */
export function isStamp(name: string): boolean {
  return name === 'owner' || name === 'createdAt' || name === 'updatedAt' || name === 'version';
}

/** The key and its colon. */
function keyOf(name: string): string {
  return knownField(name)?.key ?? `${JSON.stringify(name)}:`;
}

function textOfJson(text: string): string {
  return JSON.parse(text) as string;
}
