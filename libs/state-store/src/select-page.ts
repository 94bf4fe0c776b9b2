import { compareJobs, cursorAfter, isAfter, matchesQuery, type JobQuery } from './filter.js';
import type { Job } from './job.js';
import type { JobPage } from './state-store.js';

/** How many jobs are gathered, beyond twice the page, before the surplus is sorted out. */
const GATHERED_EXTRA = 1_024;

/**
 * The query's page of jobs that come in any order, for backends that cannot sort. Holds about twice the page at a
 * time.
 */
export function selectPage(jobs: Iterable<Job>, query: JobQuery): JobPage {
  const { limit, order } = query;
  const gatheredMax = (limit + 1) * 2 + GATHERED_EXTRA;
  let gathered: Job[] = [];
  let last: Job | undefined;
  const sortOut = (): void => {
    gathered.sort((a, b) => compareJobs(a, b, order));
    if (gathered.length > limit + 1) gathered = gathered.slice(0, limit + 1);
    last = gathered.length > limit ? gathered[limit] : undefined;
  };
  for (const job of jobs) {
    if (!matchesQuery(job, query) || !isAfter(job, query)) continue;
    if (last !== undefined && compareJobs(job, last, order) > 0) continue;
    gathered.push(job);
    if (gathered.length >= gatheredMax) sortOut();
  }
  sortOut();
  return pageOf(gathered, query);
}

/** The page of jobs that are in order, and one more than the limit when there are more. */
export function pageOf(jobs: readonly Job[], { limit, order }: JobQuery): JobPage {
  if (jobs.length <= limit) return { jobs };
  const page = jobs.slice(0, limit);
  return { jobs: page, nextCursor: cursorAfter(page[page.length - 1], order) };
}
