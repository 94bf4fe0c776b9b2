import {
  checkFilter,
  compareJobs,
  cursorAfter,
  type Job,
  type JobFilter,
  type JobOrder,
  type JobPage,
  type StateStore,
} from '@joblet/state-store';
import { JOB_BYTES_MIN } from './limits.js';

export interface ListAnswer extends JobPage {
  readonly truncated?: boolean;
}

/** For a cursor, whose longest uuid is 512 bytes, escaped and in base64, and what else stands around the jobs. */
const AROUND_BYTES = 2_048;

const RECENT_FIRST: JobOrder = { sortBy: 'updatedAt', descending: true };

/**
 * The jobs of a list without a limit. When their answer would be longer than `bytesMax`, those that were updated last, in
 * the order that was asked for; `nextCursor` goes on with what was updated before them. With a cursor, as many of its
 * order as there is room for.
 */
export async function listWithin(
  store: StateStore,
  filter: JobFilter,
  bytesMax: number,
): Promise<ListAnswer> {
  const { order } = checkFilter(filter);
  // More cannot fit: there is no need to hold them all.
  const limit = Math.ceil(bytesMax / JOB_BYTES_MIN);
  const page = await store.list({ ...filter, limit });
  const fitting = fittingCount(page.jobs, bytesMax);
  if (fitting === page.jobs.length && page.nextCursor === undefined) return page;
  if (filter.cursor !== undefined) return cut(page.jobs, fitting, order);
  const recent = await store.list({ ...filter, limit, sortBy: RECENT_FIRST.sortBy, sortDesc: true });
  const { jobs, ...rest } = cut(recent.jobs, fittingCount(recent.jobs, bytesMax), RECENT_FIRST);
  return { ...rest, jobs: [...jobs].sort((one, other) => compareJobs(one, other, order)) };
}

function cut(jobs: readonly Job[], count: number, order: JobOrder): ListAnswer {
  // One at least, however long it is: else the cursor would never get behind it.
  const kept = jobs.slice(0, Math.max(count, 1));
  const last = kept.at(-1);
  return { jobs: kept, truncated: true, ...(last && { nextCursor: cursorAfter(last, order) }) };
}

/** How many of the first ones an answer has room for. */
function fittingCount(jobs: readonly Job[], bytesMax: number): number {
  let left = bytesMax - AROUND_BYTES;
  for (const [index, { json }] of jobs.entries()) {
    left -= Buffer.byteLength(json) + 1;
    if (left < 0) return index;
  }
  return jobs.length;
}
