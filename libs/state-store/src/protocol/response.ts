import type { Job } from '../job.js';
import { jsonElements, jsonMembers } from '../json-object.js';
import { reasonOf } from '../new-job.js';
import type { SyncCounts } from '../state-store.js';
import { readStoredJob } from '../stored-job.js';
import { WireError, type WireCode } from './wire-error.js';

export type StateResponse = StateSuccess | StateFailure;

/** What the operation answers with; a ping and a delete have nothing but the id. */
export interface StateSuccess {
  readonly requestId: string;
  readonly success: true;
  readonly job?: Job;
  readonly jobs?: readonly Job[];
  /** There are more jobs: `filter.cursor` of the next page. */
  readonly nextCursor?: string | undefined;
  /** A list without a limit left jobs out, for the answer would have been too large. */
  readonly truncated?: boolean;
  /** Of a sync. */
  readonly counts?: SyncCounts;
}

export interface StateFailure {
  readonly requestId: string;
  readonly success: false;
  readonly error: string;
  readonly code: WireCode;
}

/** The answer as a line, its end included. */
export function encodeResponse(response: StateResponse): string {
  const parts = [`{"requestId":${JSON.stringify(response.requestId)},"success":${String(response.success)}`];
  if (response.success) {
    const { job, jobs, nextCursor, truncated, counts } = response;
    if (job !== undefined) parts.push(`,"job":`, job.json);
    if (jobs !== undefined) parts.push(`,"jobs":[`, jobs.map(({ json }) => json).join(','), ']');
    if (nextCursor !== undefined) parts.push(`,"nextCursor":${JSON.stringify(nextCursor)}`);
    if (truncated === true) parts.push(`,"truncated":true`);
    if (counts !== undefined) parts.push(`,"counts":${JSON.stringify(counts)}`);
  } else {
    parts.push(`,"error":${JSON.stringify(response.error)},"code":"${response.code}"`);
  }
  parts.push('}\n');
  return parts.join('');
}

/** The answer to a request that failed. */
export function failure({ requestId, message, code }: WireError): StateFailure {
  return { requestId, success: false, error: message, code };
}

/** The answer of a line (without its end), as this service writes them. Throws WireError. */
export function decodeResponse(line: string): StateResponse {
  let value: Record<string, unknown> | null;
  try {
    value = JSON.parse(line) as Record<string, unknown> | null;
  } catch (error) {
    throw WireError.invalidJson(reasonOf(error));
  }
  if (typeof value !== 'object' || value === null || typeof value.success !== 'boolean') {
    throw WireError.invalidJson('it is no answer of the state service');
  }
  const requestId = String(value.requestId ?? '');
  if (!value.success) {
    const code = typeof value.code === 'string' ? (value.code as WireCode) : 'UNAVAILABLE';
    return { requestId, success: false, error: String(value.error ?? ''), code };
  }
  const members = jsonMembers(line);
  const job = members.get('job');
  const jobs = members.get('jobs');
  return {
    requestId,
    success: true,
    ...(job !== undefined && value.job !== null && { job: readStoredJob(job) }),
    ...(jobs !== undefined && value.jobs !== null && { jobs: jsonElements(jobs).map(readStoredJob) }),
    ...(typeof value.nextCursor === 'string' && { nextCursor: value.nextCursor }),
    ...(value.truncated === true && { truncated: true }),
    ...(value.counts !== undefined && { counts: value.counts as SyncCounts }),
  };
}
