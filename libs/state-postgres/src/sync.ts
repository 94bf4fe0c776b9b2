import { planSync, StateStoreError, type JobRecord, type NewJob } from '@joblet/state-store';
import type { SyncCounts, SyncScope } from '@joblet/state-store';
import { randomUUID } from 'node:crypto';
import type { Database, RunStatement } from './database.js';
import { canRunAgain } from './errors.js';
import { SYNC_ATTEMPTS_MAX, SYNC_ROWS_MAX } from './limits.js';
import { recordOf, valuesOf, type JobRow, type WrittenValues } from './row.js';
import { insertManyStatement, lockStatement, replaceManyStatement, type Statement } from './statements.js';

/** Somebody else has created a job of the sync meanwhile. */
class Overtaken extends Error {}

/** All at once: one transaction, which starts again when others came between, or its connection breaks before the end. */
export async function sync(
  database: Database,
  jobs: readonly NewJob[],
  scope: SyncScope,
  now: number,
): Promise<SyncCounts> {
  for (let attempt = 1; attempt <= SYNC_ATTEMPTS_MAX; attempt++) {
    try {
      return await database.transaction((run) => syncOnce(run, jobs, scope, now));
    } catch (error) {
      if (!(error instanceof Overtaken) && !canRunAgain(error)) throw error;
    }
  }
  throw new StateStoreError(
    'UNAVAILABLE',
    `the sync was overtaken by other changes, or lost its connection, ${SYNC_ATTEMPTS_MAX} times`,
  );
}

async function syncOnce(
  run: RunStatement,
  jobs: readonly NewJob[],
  { nodeId, owner }: SyncScope,
  now: number,
): Promise<SyncCounts> {
  const uuids = jobs.map(({ uuid }) => uuid);
  const { rows } = await run<JobRow>(lockStatement(uuids, nodeId, owner));
  const there = new Set(rows.map(({ uuid }) => uuid));
  const stored = new Map<string, JobRecord>();
  for (const row of rows) {
    const record = recordOf(row, now);
    if (record !== undefined) stored.set(row.uuid, record);
  }
  const { writes, counts } = planSync(jobs, { nodeId, owner }, stored, now);
  const written = writes.map((record) => valuesOf(record, randomUUID()));
  await writeAll(
    run,
    written.filter(([uuid]) => there.has(uuid)),
    replaceManyStatement,
  );
  await writeAll(
    run,
    written.filter(([uuid]) => !there.has(uuid)),
    insertManyStatement,
  );
  return counts;
}

async function writeAll(
  run: RunStatement,
  written: readonly WrittenValues[],
  statementOf: (written: readonly WrittenValues[]) => Statement,
): Promise<void> {
  for (let start = 0; start < written.length; start += SYNC_ROWS_MAX) {
    const some = written.slice(start, start + SYNC_ROWS_MAX);
    const { count } = await run(statementOf(some));
    if (count !== some.length) throw new Overtaken();
  }
}
