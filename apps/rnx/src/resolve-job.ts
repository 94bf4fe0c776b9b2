import type { PersistClient } from '@joblet/client';
import { clientErrorCode } from './client-error-code.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { CANDIDATES_MAX } from './limits.js';

/** The id that `job` is, or is the unique beginning of. */
export async function resolveJob(client: PersistClient, job: string, signal: AbortSignal): Promise<string> {
  const ids: string[] = [];
  try {
    // By id in the order of the bytes: the exact one comes first.
    for await (const { jobId } of client.listJobs({ prefix: job, limit: CANDIDATES_MAX + 1 }, { signal })) {
      ids.push(jobId);
    }
  } catch (error) {
    // Joblet's own persist cannot list: it gets the id as it is.
    if (clientErrorCode(error) === 'UNIMPLEMENTED') return job;
    throw error;
  }
  if (ids.includes(job)) return job;
  if (ids.length === 1) return ids[0];
  if (ids.length === 0) {
    throw new CommandError(
      ExitCode.NOT_FOUND,
      `no job is ${job} or begins with it; "rnx job list" shows the jobs`,
    );
  }
  const more = ids.length > CANDIDATES_MAX ? ', …' : '';
  throw new CommandError(
    ExitCode.USAGE,
    `several jobs begin with ${job}: ${ids.slice(0, CANDIDATES_MAX).join(', ')}${more}; give more of the id`,
  );
}
