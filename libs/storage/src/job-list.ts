import type { JobInfo, JobListQuery } from './features.js';

/** Whether a listing with this query has the job: the id's prefix and, of jobs that have rows, the overlap of times. */
export function matchesJobList(job: JobInfo, query: JobListQuery): boolean {
  if (query.prefix !== undefined && !job.jobId.startsWith(query.prefix)) return false;
  if (query.afterJobId !== undefined && job.jobId <= query.afterJobId) return false;
  if (query.startTime === undefined && query.endTime === undefined) return true;
  if (job.stdout.rows + job.stderr.rows + job.metrics.rows === 0n) return false;
  if (query.startTime !== undefined && job.lastTime < query.startTime) return false;
  return query.endTime === undefined || job.firstTime <= query.endTime;
}

/** The order of a listing, for `sort`. */
export function compareJobs(sort: JobListQuery['sort'] = 'id'): (a: JobInfo, b: JobInfo) => number {
  return (a, b) => {
    if (sort === 'newest' && a.lastTime !== b.lastTime) return a.lastTime > b.lastTime ? -1 : 1;
    return a.jobId < b.jobId ? -1 : a.jobId > b.jobId ? 1 : 0;
  };
}
