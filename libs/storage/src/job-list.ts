import type { JobInfo, JobListQuery } from './features.js';

/** Whether a listing with this query has the job: the id's prefix and the overlap of times. */
export function matchesJobList(job: JobInfo, query: JobListQuery): boolean {
  if (query.prefix !== undefined && !job.jobId.startsWith(query.prefix)) return false;
  if (query.startTime !== undefined && job.lastTime < query.startTime) return false;
  return query.endTime === undefined || job.firstTime <= query.endTime;
}
