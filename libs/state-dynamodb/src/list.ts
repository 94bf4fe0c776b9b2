import { compareText, type Job, type JobPage, type JobQuery } from '@joblet/state-store';
import { INDEX_NAME } from './attribute-names.js';
import { FilterExpression } from './filter-expression.js';
import { GatheredJobs } from './gathered-jobs.js';
import type { Item } from './item.js';
import type { Table } from './table.js';

type JobsOf = (items: readonly Item[]) => Iterable<Job>;

/** The query's page by a consistent scan of the whole table. */
export async function listByScan(table: Table, query: JobQuery, jobsOf: JobsOf): Promise<JobPage> {
  const gathered = new GatheredJobs(query);
  const filter = new FilterExpression(query, table.keyName);
  for await (const items of table.scan(filter.input)) gathered.add(jobsOf(items));
  return gathered.page();
}

/** As `listByScan`, by the index of the statuses: eventually consistent, and blind to items without createdAt. */
export async function listByIndex(
  table: Table,
  statuses: readonly string[],
  query: JobQuery,
  jobsOf: JobsOf,
): Promise<JobPage> {
  const gathered = new GatheredJobs(query);
  for (const status of statuses) {
    for await (const items of table.query(indexQuery(table, status, query))) {
      gathered.add(jobsOf(items));
      if (query.order.sortBy === 'createdAt' && isBehind(items.at(-1), gathered.firstBehind, query)) break;
    }
  }
  return gathered.page();
}

function indexQuery(table: Table, status: string, query: JobQuery) {
  const { sortBy, descending } = query.order;
  const filter = new FilterExpression({ ...query, statuses: undefined }, table.keyName);
  const conditions = [`jobStatus = ${filter.value({ S: status })}`];
  if (sortBy === 'createdAt' && query.after !== undefined)
    conditions.push(`createdAt ${descending ? '<=' : '>='} ${filter.value({ S: query.after.key })}`);
  return {
    ...filter.input,
    IndexName: INDEX_NAME,
    KeyConditionExpression: conditions.join(' AND '),
    ScanIndexForward: !(sortBy === 'createdAt' && descending),
  };
}

/**
 * Whether all that comes after this item is behind the page too. Jobs of the same time may still belong to it: their order
 * in the index is not that of their uuids.
 */
function isBehind(item: Item | undefined, first: Job | undefined, { order }: JobQuery): boolean {
  const createdAt = item?.['createdAt']?.S;
  if (createdAt === undefined || first === undefined) return false;
  const difference = compareText(createdAt, first.createdAt);
  return order.descending ? difference < 0 : difference > 0;
}
