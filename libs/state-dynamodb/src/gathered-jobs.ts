import { pageOf, selectPage, type Job, type JobPage, type JobQuery } from '@joblet/state-store';

/** Jobs that are held beyond twice the page before the surplus is sorted out. */
const SURPLUS = 1_024;

/** The query's page of jobs that come in any order, bit by bit. Holds about twice the page. */
export class GatheredJobs {
  private readonly query: JobQuery;
  private jobs: Job[] = [];
  private isSorted = true;

  constructor(query: JobQuery) {
    this.query = query;
  }

  add(found: Iterable<Job>): void {
    for (const job of found) this.jobs.push(job);
    this.isSorted = false;
    if (this.jobs.length > 2 * this.query.limit + SURPLUS) this.sortOut();
  }

  /** The one behind the page, of those so far; undefined when there is none. */
  get firstBehind(): Job | undefined {
    if (!this.isSorted) this.sortOut();
    return this.jobs[this.query.limit];
  }

  page(): JobPage {
    if (!this.isSorted) this.sortOut();
    return pageOf(this.jobs, this.query);
  }

  /** Keeps those that match: the page, and one behind it. */
  private sortOut(): void {
    this.jobs = [...selectPage(this.jobs, { ...this.query, limit: this.query.limit + 1 }).jobs];
    this.isSorted = true;
  }
}
