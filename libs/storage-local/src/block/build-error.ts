import { StorageError } from '@joblet/storage';

/** Why no blocks were built of a job's rows. */
export function buildError(jobId: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError('INTERNAL', `building blocks of job ${jobId}: ${reason}`, { cause });
}
