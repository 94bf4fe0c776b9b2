import type { JobQuery, SortKey } from '@joblet/state-store';
import { prefixEnd } from './prefix-end.js';
import type { Statement } from './statements.js';

const COLUMN_OF: Readonly<Record<SortKey, string>> = {
  createdAt: 'created_at',
  updatedAt: 'updated_at',
  startTime: 'start_time',
  status: 'status',
};

/**
 * The documents of the query's page, in order, and one more than the limit when there are more. Not named: the plan is made
 * for the values, since a status can mean ten jobs or all of them.
 */
export function listStatement(query: JobQuery): Statement {
  const values: unknown[] = [];
  const place = (value: unknown): string => `$${values.push(value)}`;
  const conditions = ['expires_at IS NULL', ...filterOf(query, place), ...afterOf(query, place)];
  const key = COLUMN_OF[query.order.sortBy];
  const direction = query.order.descending ? 'DESC' : 'ASC';
  const limit = query.limit === Infinity ? '' : ` LIMIT ${place(query.limit + 1)}`;
  return {
    text: `SELECT document FROM joblet_jobs WHERE ${conditions.join(' AND ')} ORDER BY ${key} ${direction}, uuid${limit}`,
    values,
  };
}

function filterOf(
  { statuses, nodeId, owner, prefix }: JobQuery,
  place: (value: unknown) => string,
): string[] {
  const conditions: string[] = [];
  // One status leaves the index's order as it is.
  if (statuses?.length === 1) conditions.push(`status = ${place(statuses[0])}`);
  else if (statuses !== undefined) conditions.push(`status = ANY(${place(statuses)})`);
  if (nodeId !== undefined) conditions.push(`node_id = ${place(nodeId)}`);
  if (owner !== undefined) conditions.push(`owner = ${place(owner)}`);
  if (prefix !== '') {
    conditions.push(`uuid >= ${place(prefix)}`);
    const end = prefixEnd(prefix);
    if (end !== undefined) conditions.push(`uuid < ${place(end)}`);
  }
  return conditions;
}

/** The first condition is what an index can find, when the directions of key and uuid differ. */
function afterOf({ order, after }: JobQuery, place: (value: unknown) => string): string[] {
  if (after === undefined) return [];
  const column = COLUMN_OF[order.sortBy];
  const [key, uuid] = [place(after.key), place(after.uuid)];
  if (!order.descending) return [`(${column}, uuid) > (${key}, ${uuid})`];
  return [`${column} <= ${key}`, `(${column} < ${key} OR uuid > ${uuid})`];
}
