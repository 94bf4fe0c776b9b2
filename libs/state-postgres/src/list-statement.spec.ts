import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { findPostgres, startPostgres, type PostgresServer } from '@joblet/services';
import { describeWithServer } from '@joblet/services/jest';
import { checkFilter, type JobFilter } from '@joblet/state-store';
import { openPostgresStateStore } from './index.js';
import { listStatement } from './list-statement.js';
import { inDatabase, withNewSchema } from './testing/schemas.js';

const TIMEOUT_MS = 120_000;

/** 20,000 jobs of 20 nodes, one in 200 is running, one in 100 is of rnx. */
const SEED = `INSERT INTO joblet_jobs (uuid, version, write_id, is_upserted, status, node_id, owner,
    created_at, updated_at, start_time, document)
  SELECT 'job-' || n, 1, gen_random_uuid(), false, CASE WHEN n % 200 = 0 THEN 'RUNNING' ELSE 'COMPLETED' END,
    'node-' || n % 20, CASE WHEN n % 100 = 1 THEN 'rnx' ELSE '' END, time, time, time,
    format('{"uuid":"job-%s","createdAt":"%s","updatedAt":"%s","version":1}', n, time, time)
  FROM generate_series(1, 20000) AS n,
    to_char(timestamp '2025-01-01' + n * interval '1 minute', 'YYYY-MM-DD"T"HH24:MI:SS.000000000"Z"') AS time`;

const AFTER = { limit: 100, cursor: undefined };
const PLANS: readonly (readonly [string, JobFilter, string])[] = [
  ['all', { limit: 100 }, 'joblet_jobs_created'],
  ['newest first', { limit: 100, sortDesc: true }, 'joblet_jobs_created'],
  ['by update', { limit: 100, sortBy: 'updatedAt' }, 'joblet_jobs_updated'],
  ['last updated first', { limit: 100, sortBy: 'updatedAt', sortDesc: true }, 'joblet_jobs_updated'],
  ['a status', { limit: 100, status: 'RUNNING' }, 'joblet_jobs_status'],
  ['a status, newest first', { limit: 100, status: 'RUNNING', sortDesc: true }, 'joblet_jobs_status'],
  ['statuses that are rare', { statuses: ['RUNNING', 'PENDING'] }, 'joblet_jobs_status'],
  ['a node', { limit: 100, nodeId: 'node-7' }, 'joblet_jobs_node'],
  ['all of a node', { nodeId: 'node-7' }, 'joblet_jobs_node'],
  ['an owner', { limit: 100, owner: 'rnx', sortDesc: true }, 'joblet_jobs_owner'],
  ['a daemon', { limit: 100, owner: '' }, 'joblet_jobs_created'],
  ['a prefix', { prefix: 'job-1234' }, 'joblet_jobs_pkey'],
];

describeWithServer('listStatement', findPostgres, () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres({ settings: { fsync: 'off' } });
    url = await withNewSchema(server.url);
    await (await openPostgresStateStore({ url })).close();
    await inDatabase(url, async (client) => {
      await client.query(SEED);
      await client.query('ANALYZE joblet_jobs');
    });
  }, TIMEOUT_MS);
  afterAll(() => server.stop(), TIMEOUT_MS);

  async function planOf(filter: JobFilter): Promise<string> {
    const { text, values = [] } = listStatement(checkFilter(filter));
    const { rows } = await inDatabase(url, (client) =>
      client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, [...values]),
    );
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  }

  it.each(PLANS)('finds %s by an index', async (_, filter, index) => {
    const plan = await planOf(filter);
    expect(plan).toContain(index);
    expect(plan).not.toContain('Seq Scan');
  });

  it.each([false, true])('goes on behind a cursor by the index, descending: %s', async (sortDesc) => {
    await using store = await openPostgresStateStore({ url });
    const { nextCursor } = await store.list({ ...AFTER, sortDesc, limit: 5_000 });
    const plan = await planOf({ ...AFTER, sortDesc, cursor: nextCursor });
    expect(plan).toMatch(/Index Cond: .*created_at/);
  });
});
