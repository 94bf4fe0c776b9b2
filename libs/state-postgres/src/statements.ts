import { ROW_COLUMNS, WRITTEN_COLUMNS, type WrittenValues } from './row.js';

/** A statement with its values; a named one is parsed once for each connection. */
export interface Statement {
  readonly name?: string;
  readonly text: string;
  readonly values?: readonly unknown[];
}

const NAMES = WRITTEN_COLUMNS.map(([name]) => name).join(', ');
const PLACES = WRITTEN_COLUMNS.map((_, index) => `$${index + 1}`).join(', ');
const SETS = WRITTEN_COLUMNS.slice(1)
  .map(([name], index) => `${name} = $${index + 2}`)
  .join(', ');
const BEFORE = `$${WRITTEN_COLUMNS.length + 1}`;

/** As many arrays as there are columns, as rows. */
const UNNEST = `unnest(${WRITTEN_COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})`;

const INSERT = `INSERT INTO joblet_jobs (${NAMES}) VALUES (${PLACES}) ON CONFLICT (uuid) DO NOTHING`;
const REPLACE = `UPDATE joblet_jobs SET ${SETS} WHERE uuid = $1 AND write_id = ${BEFORE}`;
const READ = `SELECT ${ROW_COLUMNS} FROM joblet_jobs WHERE uuid = ANY($1)`;

const INSERT_MANY = `INSERT INTO joblet_jobs (${NAMES}) SELECT * FROM ${UNNEST} ON CONFLICT (uuid) DO NOTHING`;
const REPLACE_MANY = `UPDATE joblet_jobs SET ${WRITTEN_COLUMNS.slice(1)
  .map(([name]) => `${name} = written.${name}`)
  .join(', ')} FROM ${UNNEST} AS written (${NAMES}) WHERE joblet_jobs.uuid = written.uuid`;

/** In the order of the uuids: two syncs that lock the same rows do not wait for each other in a circle. */
const LOCK = `SELECT ${ROW_COLUMNS} FROM joblet_jobs
  WHERE uuid = ANY($1) OR (node_id = $2 AND owner = $3 AND expires_at IS NULL)
  ORDER BY uuid FOR UPDATE`;

/** Rows that somebody else is working on are left for the next time. */
const PURGE = `DELETE FROM joblet_jobs WHERE uuid IN (
  SELECT uuid FROM joblet_jobs WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)`;

export function readStatement(uuids: readonly string[]): Statement {
  return { name: 'joblet_read', text: READ, values: [uuids] };
}

/** Of a row that is not there; changes nothing when it is. */
export function insertStatement(written: WrittenValues): Statement {
  return { name: 'joblet_insert', text: INSERT, values: written };
}

/** Of the row that this write has made; changes nothing when another one came after it. */
export function replaceStatement(written: WrittenValues, writeIdBefore: string): Statement {
  return { name: 'joblet_replace', text: REPLACE, values: [...written, writeIdBefore] };
}

export function insertManyStatement(written: readonly WrittenValues[]): Statement {
  return { text: INSERT_MANY, values: columnsOf(written) };
}

/** Of rows that this transaction has locked. */
export function replaceManyStatement(written: readonly WrittenValues[]): Statement {
  return { text: REPLACE_MANY, values: columnsOf(written) };
}

export function lockStatement(
  uuids: readonly string[],
  nodeId: string | undefined,
  owner: string,
): Statement {
  return { text: LOCK, values: [uuids, nodeId ?? null, owner] };
}

export function purgeStatement(now: number, limit: number): Statement {
  return { text: PURGE, values: [now, limit] };
}

function columnsOf(written: readonly WrittenValues[]): unknown[][] {
  return WRITTEN_COLUMNS.map((_, column) => written.map((values) => values[column]));
}
