import type { JobInfo } from '@joblet/client';
import type { Job } from '@joblet/state-store';
import { clientErrorCode } from './client-error-code.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { messageOf } from './failure.js';
import { lastTimeOf, type KnownJob } from './known-job.js';
import { LOOKUPS_MAX } from './limits.js';
import type { QueryContext } from './query-command.js';

export interface ListFilter {
  readonly status?: string | undefined;
  readonly nodeId?: string | undefined;
  readonly limit?: number | undefined;
}

/** Jobs of both services, those last where something happened longest ago. With a status or a node: what the state service has. */
export async function listJobs(context: QueryContext, filter: ListFilter): Promise<readonly KnownJob[]> {
  const { status, nodeId, limit = Infinity } = filter;
  const isFiltered = status !== undefined || nodeId !== undefined;
  const states = await context.states.list({
    ...{ status, nodeId, sortBy: 'updatedAt', sortDesc: true },
    ...(limit !== Infinity && { limit }),
  });
  if (states === undefined && isFiltered) {
    throw new CommandError(
      ExitCode.UNAVAILABLE,
      'the state service, which knows statuses and nodes, is not there; leave --status and --node-id out',
    );
  }
  const infos = isFiltered && limit !== Infinity ? [] : await listInfos(context, limit, states);
  const jobs = join(states ?? [], infos, isFiltered);
  const whole = limit === Infinity ? jobs : await completed(context, jobs, isFiltered);
  return whole.sort(compareJobs).slice(0, limit);
}

/** Persist may be away when the state service is not. */
async function listInfos(
  { client, signal, note }: QueryContext,
  limit: number,
  states: readonly Job[] | undefined,
): Promise<readonly JobInfo[]> {
  const infos: JobInfo[] = [];
  try {
    const query = { sort: 'newest' as const, ...(limit !== Infinity && { limit }) };
    for await (const info of client.listJobs(query, { signal })) infos.push(info);
  } catch (error) {
    if (states === undefined || clientErrorCode(error) !== 'UNAVAILABLE') throw error;
    note(`only what the state service has is shown: ${messageOf(error)}`);
  }
  return infos;
}

function join(states: readonly Job[], infos: readonly JobInfo[], isFiltered: boolean): KnownJob[] {
  const byId = new Map<string, KnownJob>();
  for (const state of states) byId.set(state.uuid, { jobId: state.uuid, info: undefined, state });
  for (const info of infos) {
    const state = byId.get(info.jobId)?.state;
    if (state !== undefined || !isFiltered) byId.set(info.jobId, { jobId: info.jobId, info, state });
  }
  return [...byId.values()];
}

/** The newest ones of one service need not be among those of the other. */
async function completed(
  context: QueryContext,
  jobs: readonly KnownJob[],
  isFiltered: boolean,
): Promise<KnownJob[]> {
  const whole: KnownJob[] = [];
  for (let from = 0; from < jobs.length; from += LOOKUPS_MAX) {
    const some = jobs.slice(from, from + LOOKUPS_MAX);
    whole.push(...(await Promise.all(some.map((job) => completedJob(context, job, isFiltered)))));
  }
  return whole;
}

async function completedJob(context: QueryContext, job: KnownJob, isFiltered: boolean): Promise<KnownJob> {
  const { jobId } = job;
  const info = job.info ?? (await infoOf(context, jobId));
  const state = job.state ?? (isFiltered ? undefined : await context.states.get(jobId));
  return { jobId, info, state };
}

/** Undefined: persist has nothing of it, or is away, which the listing tells. */
export async function infoOf({ client, signal }: QueryContext, jobId: string): Promise<JobInfo | undefined> {
  try {
    return await client.getJobInfo(jobId, { signal });
  } catch (error) {
    const code = clientErrorCode(error);
    if (code === 'NOT_FOUND' || code === 'UNAVAILABLE') return undefined;
    throw error;
  }
}

/** Newest first; equal ones by id. */
function compareJobs(one: KnownJob, other: KnownJob): number {
  const [first, second] = [lastTimeOf(one), lastTimeOf(other)];
  if (first !== second) return first < second ? 1 : -1;
  return one.jobId < other.jobId ? -1 : 1;
}
