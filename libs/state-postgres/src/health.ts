import type { Health } from '@joblet/state-store';
import type { Database } from './database.js';

interface Settings {
  readonly fsync: string;
  readonly synchronous_commit: string;
  readonly is_standby: boolean;
}

const SETTINGS = `SELECT current_setting('fsync') AS fsync,
  current_setting('synchronous_commit') AS synchronous_commit, pg_is_in_recovery() AS is_standby`;

/** Rejects when the server does not answer. */
export async function askHealth(database: Database): Promise<Health> {
  const { rows } = await database.run<Settings>({ text: SETTINGS });
  const [{ fsync, synchronous_commit: synchronousCommit, is_standby: isStandby }] = rows;
  const details: string[] = [];
  if (isStandby) details.push('the server is a standby: it takes no changes');
  if (fsync === 'off') details.push('fsync is off: a crash of the machine may lose or damage jobs');
  if (synchronousCommit === 'off')
    details.push('synchronous_commit is off: a crash of the server may lose the last changes');
  return { ok: !isStandby, details };
}
