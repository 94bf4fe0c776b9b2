import type { PersistClient } from '@joblet/client';
import { clientErrorCode } from './client-error-code.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { CANDIDATES_MAX } from './limits.js';
import type { States } from './open-states.js';

/**
 * The id that `job` is, or is the unique beginning of: among those of persist, and of the state service if it is asked.
 * `needsAll`: while one of them is away nobody knows whether others begin so, and only the whole id counts.
 */
export async function resolveJob(
  client: PersistClient,
  job: string,
  signal: AbortSignal,
  states?: States,
  { needsAll = false } = {},
): Promise<string> {
  const found = await states?.list({ prefix: job, limit: CANDIDATES_MAX + 1 });
  const ids = (found ?? []).map(({ uuid }) => uuid);
  try {
    // By id in the order of the bytes: the exact one comes first.
    for await (const { jobId } of client.listJobs({ prefix: job, limit: CANDIDATES_MAX + 1 }, { signal })) {
      if (!ids.includes(jobId)) ids.push(jobId);
    }
  } catch (error) {
    const code = clientErrorCode(error);
    // Joblet's own persist cannot list: it gets the id as it is.
    if (code === 'UNIMPLEMENTED' && ids.length === 0) return job;
    // The other service is enough where it knows the job.
    const isEnough = needsAll ? ids.includes(job) : ids.length > 0;
    if ((code !== 'UNAVAILABLE' && code !== 'UNIMPLEMENTED') || !isEnough) throw error;
  }
  ids.sort();
  if (ids.includes(job)) return job;
  if (needsAll && states?.trouble !== undefined) throw states.trouble;
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
