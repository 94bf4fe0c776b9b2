import type { JobInfo } from '@joblet/client';
import type { Job } from '@joblet/state-store';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { clientErrorCode } from '../client-error-code.js';
import { CommandError } from '../command-error.js';
import { failureOf, messageOf } from '../failure.js';
import { formatBytes, plural } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import type { KnownJob } from '../known-job.js';
import { jobValue } from '../option-values.js';
import { runQuery, type QueryContext } from '../query-command.js';
import { resolveJob } from '../resolve-job.js';
import { jsonJob } from './json-job.js';

const EXAMPLES = `
Deletes its rows and its state, at once and for good, without asking. A job that still runs starts anew with its next
row, and its state with its next change after a minute. While one of the services is away, JOB is the whole id; what the
other one has is deleted, stderr says what is left, and the exit code is 4: the same command deletes the rest later.

Examples:
  rnx job delete nightly
  rnx job delete nightly --json`;

export function addJobDelete(job: Command, io: CliIo): void {
  const command = job
    .command('delete')
    .summary('delete what is stored of a job')
    .description('Deletes all that is stored of a job, and says what that was.')
    .argument('<job>', 'id of the job, or the beginning of it if no other begins so', jobValue)
    .addHelpText('after', EXAMPLES)
    .action((name: string) =>
      runQuery(command, io, (context) => run(context, name), { isStateNeeded: true }),
    );
  addGlobalOptions(command, ['json', 'config', 'socket', 'stateSocket', 'node', 'rnxConfig', 'color']);
}

async function run(context: QueryContext, name: string): Promise<void> {
  const { client, states, out, json, signal } = context;
  const jobId = await resolveJob(client, name, signal, states, { needsAll: true });
  const [rows, state] = await Promise.allSettled([deleteRows(context, jobId), states.delete(jobId)]);
  if (rows.status === 'rejected') throw rowsLeft(jobId, rows.reason, state);
  if (state.status === 'rejected') {
    if (!rows.value.wereThere) throw state.reason;
    throw left(state.reason, `of job ${jobId} only the rows are deleted, and its state is not`);
  }
  const deleted = { jobId, info: rows.value.info, state: state.value };
  await out.write(json ? `${jsonText({ ...jsonJob(deleted), deleted: true })}\n` : `${summary(deleted)}\n`);
}

interface DeletedRows {
  readonly wereThere: boolean;
  /** Joblet's own persist does not tell what it has of a job. */
  readonly info: JobInfo | undefined;
}

async function deleteRows({ client, signal }: QueryContext, jobId: string): Promise<DeletedRows> {
  let info: JobInfo | undefined;
  try {
    info = await client.getJobInfo(jobId, { signal });
  } catch (error) {
    const code = clientErrorCode(error);
    if (code === 'NOT_FOUND') return { wereThere: false, info };
    if (code !== 'UNIMPLEMENTED') throw error;
  }
  await client.deleteJob(jobId, { signal });
  return { wereThere: true, info };
}

function rowsLeft(jobId: string, reason: unknown, state: PromiseSettledResult<Job | undefined>): unknown {
  if (state.status === 'rejected' || state.value === undefined) return reason;
  return left(reason, `of job ${jobId} only the state is deleted, and its rows are not`);
}

function left(reason: unknown, what: string): CommandError {
  return new CommandError(failureOf(reason).exitCode, `${what}: ${messageOf(reason)}`);
}

function summary({ jobId, info, state }: KnownJob): string {
  const parts: string[] = [];
  if (info !== undefined) {
    const { logs, metrics, sizeBytes } = info;
    parts.push(
      plural(logs.rows, 'line'),
      plural(metrics.rows, 'sample'),
      `${formatBytes(sizeBytes)} on disk`,
    );
  }
  if (state !== undefined) parts.push(`its state${state.status === '' ? '' : `, ${state.status}`}`);
  return `deleted ${jobId}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
