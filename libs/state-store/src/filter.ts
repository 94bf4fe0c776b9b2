import { checkName } from './check-names.js';
import { compareText } from './compare-text.js';
import { readCursor, writeCursor, type CursorPosition } from './cursor.js';
import type { Job } from './job.js';
import { LIMIT_MAX } from './limits.js';
import { StateStoreError } from './state-store-error.js';

export const SORT_KEYS = ['createdAt', 'updatedAt', 'startTime', 'status'] as const;

export type SortKey = (typeof SORT_KEYS)[number];

/** Which jobs to list, in which order. All conditions must hold. */
export interface JobFilter {
  /** '' and undefined: any. */
  readonly status?: string | undefined;
  /** One of these; [] and undefined: any. */
  readonly statuses?: readonly string[] | undefined;
  /** '' and undefined: any. */
  readonly nodeId?: string | undefined;
  /** undefined: any; '' is a daemon's. */
  readonly owner?: string | undefined;
  /** Only uuids that start with this. */
  readonly prefix?: string | undefined;
  /** 0 and undefined: all. */
  readonly limit?: number | undefined;
  /** Default: createdAt. Jobs that have no such time, or no status, come first. */
  readonly sortBy?: SortKey | undefined;
  /** Turns the order of the keys around; equal ones are by uuid, ascending, either way. */
  readonly sortDesc?: boolean | undefined;
  /**
   * `nextCursor` of the page before, whose order goes on: `sortBy` and `sortDesc` do not count then. A job that is there
   * all the time, and whose key does not change, is on exactly one page.
   */
  readonly cursor?: string | undefined;
}

/** A filter that has been checked. */
export interface JobQuery {
  /** undefined: any. */
  readonly statuses: readonly string[] | undefined;
  readonly nodeId: string | undefined;
  readonly owner: string | undefined;
  /** '' when any. */
  readonly prefix: string;
  /** Infinity: all. */
  readonly limit: number;
  readonly order: JobOrder;
  /** Only jobs behind this place in the order. */
  readonly after: CursorPosition | undefined;
}

export interface JobOrder {
  readonly sortBy: SortKey;
  readonly descending: boolean;
}

/** Throws INVALID_ARGUMENT. */
export function checkFilter(filter: JobFilter = {}): JobQuery {
  const { status = '', statuses = [], nodeId = '', owner, prefix = '', limit = 0 } = filter;
  checkName('filter.status', status);
  for (const one of statuses) checkName('filter.statuses', one);
  checkName('filter.nodeId', nodeId);
  if (owner !== undefined) checkName('filter.owner', owner);
  checkName('filter.prefix', prefix);
  if (!Number.isInteger(limit) || limit < 0 || limit > LIMIT_MAX) {
    throw new StateStoreError(
      'INVALID_ARGUMENT',
      `filter.limit is ${String(limit)}; expected a whole number from 0 to ${LIMIT_MAX}`,
    );
  }
  const position = filter.cursor === undefined ? undefined : readCursor(filter.cursor);
  return {
    statuses: statusesOf(status, statuses),
    nodeId: nodeId === '' ? undefined : nodeId,
    owner,
    prefix,
    limit: limit === 0 ? Infinity : limit,
    order: position?.order ?? { sortBy: checkSortKey(filter.sortBy), descending: filter.sortDesc === true },
    after: position,
  };
}

/** Whether the job is one that the query asks for; where it stands in the order does not count. */
export function matchesQuery(job: Job, { statuses, nodeId, owner, prefix }: JobQuery): boolean {
  return (
    (statuses === undefined || statuses.includes(job.status)) &&
    (nodeId === undefined || job.nodeId === nodeId) &&
    (owner === undefined || job.owner === owner) &&
    job.uuid.startsWith(prefix)
  );
}

/** Negative when `a` comes first. */
export function compareJobs(a: Job, b: Job, { sortBy, descending }: JobOrder): number {
  const byKey = compareKeys(a[sortBy], b[sortBy], sortBy);
  if (byKey !== 0) return descending ? -byKey : byKey;
  return compareText(a.uuid, b.uuid);
}

function compareKeys(a: string, b: string, sortBy: SortKey): number {
  if (sortBy === 'status') return compareText(a, b);
  // Times are ASCII, whose own order is that of the bytes.
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the job comes behind the place that the query's cursor tells. */
export function isAfter(job: Job, { order, after }: JobQuery): boolean {
  if (after === undefined) return true;
  const byKey = compareKeys(job[order.sortBy], after.key, order.sortBy);
  if (byKey !== 0) return order.descending ? byKey < 0 : byKey > 0;
  return compareText(job.uuid, after.uuid) > 0;
}

/** The cursor of the page behind this job. */
export function cursorAfter(job: Job, order: JobOrder): string {
  return writeCursor({ order, key: job[order.sortBy], uuid: job.uuid });
}

function statusesOf(status: string, statuses: readonly string[]): readonly string[] | undefined {
  const unique = [...new Set(statuses)];
  if (status === '') return unique.length === 0 ? undefined : unique;
  return unique.length === 0 || unique.includes(status) ? [status] : [];
}

function checkSortKey(key: string | undefined): SortKey {
  if (key === undefined || key === '') return 'createdAt';
  const known = SORT_KEYS.find((one) => one === key);
  if (known !== undefined) return known;
  throw new StateStoreError(
    'INVALID_ARGUMENT',
    `filter.sortBy is ${JSON.stringify(String(key).slice(0, 64))}; expected one of ${SORT_KEYS.join(', ')}`,
  );
}
