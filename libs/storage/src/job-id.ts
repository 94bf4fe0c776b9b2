import { JOB_ID_LENGTH_MAX } from './limits.js';
import { StorageError } from './storage-error.js';

const JOB_ID = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

export function isJobId(jobId: unknown): jobId is string {
  return typeof jobId === 'string' && jobId.length <= JOB_ID_LENGTH_MAX && JOB_ID.test(jobId);
}

/** Throws INVALID_ARGUMENT unless `jobId` may become part of a path, a key or a query as it is. */
export function checkJobId(jobId: unknown): asserts jobId is string {
  if (isJobId(jobId)) return;
  const found = typeof jobId === 'string' ? JSON.stringify(jobId.slice(0, 140)) : typeof jobId;
  throw new StorageError(
    'INVALID_ARGUMENT',
    `job_id is ${found}; expected 1 to ${JOB_ID_LENGTH_MAX} letters, digits, ".", "_" or "-", the first a letter or a digit`,
  );
}
