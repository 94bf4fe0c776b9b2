import { checkExpectedVersion, checkName, checkUuid } from '../check-names.js';
import type { JobFilter } from '../filter.js';
import type { NewJob } from '../job.js';
import { jsonElements, scanObject, valueEnd } from '../json-object.js';
import { JobReader, newJobOf, reasonOf } from '../new-job.js';
import { StateStoreError } from '../state-store-error.js';
import { decodeFilter } from './filter.js';
import { isOperation, type Operation } from './operations.js';
import { toWireError, WireError } from './wire-error.js';

interface Common {
  /** '' when the request has none. */
  readonly requestId: string;
}

interface ForJob extends Common {
  readonly job: NewJob;
  /** Whose job it becomes, unless it says its own. */
  readonly owner?: string | undefined;
}

export type StateRequest =
  | (Common & { readonly op: 'ping' })
  | (ForJob & { readonly op: 'create' })
  | (ForJob & { readonly op: 'update'; readonly expectedVersion?: number | undefined })
  | (Common & { readonly op: 'get'; readonly uuid: string })
  | (Common & { readonly op: 'delete'; readonly uuid: string; readonly expectedVersion?: number | undefined })
  | (Common & { readonly op: 'list'; readonly filter: JobFilter })
  | (Common & {
      readonly op: 'sync';
      readonly jobs: readonly NewJob[];
      readonly nodeId?: string | undefined;
      readonly owner?: string | undefined;
    });

/** A request's keys, by their names in lower case: Go takes them in any. */
interface Envelope {
  readonly values: ReadonlyMap<string, unknown>;
  readonly job: JobReader | undefined;
  /** JSON of `jobs`. */
  readonly jobs: string;
}

/** The request of a line (without its end). Throws WireError, whose message the answer carries. */
export function decodeRequest(line: string): StateRequest {
  const envelope = openEnvelope(line);
  const requestId = text(envelope, 'requestid');
  const operation = text(envelope, 'op');
  if (!isOperation(operation)) throw WireError.unknownOperation(operation, requestId);
  try {
    return decodeOperation(operation, requestId, envelope);
  } catch (error) {
    throw toWireError(operation, requestId, error);
  }
}

function decodeOperation(op: Operation, requestId: string, envelope: Envelope): StateRequest {
  switch (op) {
    case 'ping':
      return { op, requestId };
    case 'create':
      return { op, requestId, job: jobIn(envelope), owner: name(envelope, 'owner') };
    case 'update':
      return {
        op,
        requestId,
        job: jobIn(envelope),
        owner: name(envelope, 'owner'),
        expectedVersion: expectedVersionIn(envelope),
      };
    case 'get':
      return { op, requestId, uuid: uuidIn(envelope) };
    case 'delete':
      return { op, requestId, uuid: uuidIn(envelope), expectedVersion: expectedVersionIn(envelope) };
    case 'list':
      return { op, requestId, filter: decodeFilter(envelope.values.get('filter')) };
    case 'sync':
      return {
        op,
        requestId,
        jobs: jobsIn(envelope),
        nodeId: name(envelope, 'nodeid'),
        owner: name(envelope, 'owner'),
      };
  }
}

function openEnvelope(line: string): Envelope {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw WireError.invalidJson(reasonOf(error));
  }
  const values = new Map<string, unknown>();
  if (value === null) return { values, job: undefined, jobs: '' };
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw WireError.invalidJson(`the request is ${Array.isArray(value) ? 'a list' : typeof value}`);
  }
  try {
    return readMembers(line, value as Record<string, unknown>);
  } catch (error) {
    throw toWireError('ping', '', error);
  }
}

/** One pass over the line, its job included. */
function readMembers(line: string, members: Record<string, unknown>): Envelope {
  const values = new Map<string, unknown>();
  let job: JobReader | undefined;
  let problem: unknown;
  let jobs = '';
  scanObject(line, 0, (key, start) => {
    const name = key.toLowerCase();
    const value = members[key];
    values.set(name, value);
    if (name === 'job' && value !== null && line[start] === '{') {
      // Of two jobs the last one counts, whose value this is: the first may be another.
      problem = undefined;
      try {
        job = new JobReader(line, value);
        return job.read(start);
      } catch (error) {
        problem = error;
      }
    }
    const end = valueEnd(line, start);
    if (name === 'jobs') jobs = line.slice(start, end);
    return end;
  });
  if (problem !== undefined) throw problem;
  const value = values.get('job') ?? null;
  return { values, job: value === null ? undefined : (job ?? new JobReader('{}', value)), jobs };
}

/** '' when it is absent or null, as for Go. */
function text({ values }: Envelope, key: string): string {
  const value = values.get(key) ?? '';
  if (typeof value === 'string') return value;
  throw WireError.invalidJson(`${key} is ${typeof value}; expected a string`);
}

function name(envelope: Envelope, key: string): string | undefined {
  const value = text(envelope, key);
  checkName(key, value);
  return value === '' ? undefined : value;
}

function jobIn({ job }: Envelope): NewJob {
  if (job === undefined) throw invalid('job is required');
  return job.job();
}

function jobsIn({ jobs: json, values }: Envelope): NewJob[] {
  const jobs = values.get('jobs') ?? null;
  if (jobs === null) throw invalid('jobs array is required');
  if (!Array.isArray(jobs)) throw WireError.invalidJson(`jobs is ${typeof jobs}; expected a list`);
  const elements = jsonElements(json);
  return elements.map((element, index) => newJobOf(element, jobs[index] as unknown));
}

function uuidIn(envelope: Envelope): string {
  const uuid = text(envelope, 'jobid') || text(envelope, 'job_uuid');
  checkUuid(uuid);
  return uuid;
}

function expectedVersionIn({ values }: Envelope): number | undefined {
  const version = values.get('expectedversion') ?? undefined;
  checkExpectedVersion(version);
  return version;
}

function invalid(message: string): StateStoreError {
  return new StateStoreError('INVALID_ARGUMENT', message);
}
