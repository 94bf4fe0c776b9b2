import { StateStoreError } from '@joblet/state-store';
import type { RunStatement } from './database.js';

/** Held while the schema is looked at and changed: any number that no other program of the database takes. */
const LOCK_KEY = '7102544813906001';

/**
 * The schema, step by step: the first step makes version 1. A step that was released never changes; a new one is put at
 * the end.
 *
 * `document` is the job, character for character; jsonb would forget the order of keys and refuse \u0000. `fields` is the
 * same as jsonb for those who ask in SQL, NULL where jsonb cannot hold it. The columns between are what lists look for,
 * compared byte by byte as everywhere. A tombstone is a row with `expires_at`, and no document. `write_id` is another one
 * with each change. Nearly all jobs are a daemon's, whose owner is '': an index of those would tell nothing.
 */
const STEPS: readonly string[] = [
  `CREATE FUNCTION joblet_jsonb(document text) RETURNS jsonb
   LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
   BEGIN
     RETURN document::jsonb;
   EXCEPTION WHEN OTHERS THEN
     RETURN NULL;
   END $$;

   CREATE TABLE joblet_jobs (
     uuid text COLLATE "C" PRIMARY KEY,
     version bigint NOT NULL,
     write_id uuid NOT NULL,
     is_upserted boolean NOT NULL,
     expires_at bigint,
     status text COLLATE "C" NOT NULL,
     node_id text COLLATE "C" NOT NULL,
     owner text COLLATE "C" NOT NULL,
     created_at text COLLATE "C" NOT NULL,
     updated_at text COLLATE "C" NOT NULL,
     start_time text COLLATE "C" NOT NULL,
     document text,
     fields jsonb GENERATED ALWAYS AS (joblet_jsonb(document)) STORED,
     CHECK ((document IS NULL) = (expires_at IS NOT NULL))
   );

   CREATE INDEX joblet_jobs_created ON joblet_jobs (created_at, uuid) WHERE expires_at IS NULL;
   CREATE INDEX joblet_jobs_updated ON joblet_jobs (updated_at, uuid) WHERE expires_at IS NULL;
   CREATE INDEX joblet_jobs_status ON joblet_jobs (status, created_at, uuid) WHERE expires_at IS NULL;
   CREATE INDEX joblet_jobs_node ON joblet_jobs (node_id, created_at, uuid) WHERE expires_at IS NULL;
   CREATE INDEX joblet_jobs_owner ON joblet_jobs (owner, created_at, uuid)
     WHERE expires_at IS NULL AND owner <> '';
   CREATE INDEX joblet_jobs_tombstones ON joblet_jobs (expires_at) WHERE expires_at IS NOT NULL;`,
];

/**
 * Brings the schema to the newest version. Services that start at the same time wait for each other: one migrates. Runs
 * within a transaction: all of it happens, or nothing.
 */
export async function migrate(run: RunStatement): Promise<void> {
  await checkEncoding(run);
  await run({ text: 'SELECT pg_advisory_xact_lock($1)', values: [LOCK_KEY] });
  await run({
    text: 'CREATE TABLE IF NOT EXISTS joblet_state_migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  });
  const { rows } = await run<{ version: number }>({
    text: 'SELECT coalesce(max(version), 0) AS version FROM joblet_state_migrations',
  });
  const [{ version }] = rows;
  if (version > STEPS.length) {
    throw new StateStoreError(
      'INVALID_ARGUMENT',
      `the database has version ${version} of the schema; expected at most ${STEPS.length}: a newer state service has been here`,
    );
  }
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    await run({ text: step });
    await run({ text: 'INSERT INTO joblet_state_migrations (version) VALUES ($1)', values: [index + 1] });
  }
}

/** Another encoding refuses characters, and orders them in another way. */
async function checkEncoding(run: RunStatement): Promise<void> {
  const { rows } = await run<{ encoding: string }>({
    text: `SELECT current_setting('server_encoding') AS encoding`,
  });
  const [{ encoding }] = rows;
  if (encoding !== 'UTF8')
    throw new StateStoreError('INVALID_ARGUMENT', `the database has the encoding ${encoding}; expected UTF8`);
}
