import type { JobInfo } from '@joblet/client';
import type { Job } from '@joblet/state-store';
import type { RowStats } from '@joblet/storage';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { formatBytes, plural } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import { jobValue } from '../option-values.js';
import { instantNs, type KnownJob } from '../known-job.js';
import { infoOf } from '../list-jobs.js';
import { runQuery, type QueryContext } from '../query-command.js';
import { resolveJob } from '../resolve-job.js';
import type { Style } from '../style.js';
import { formatTime } from '../time.js';
import { exitCodeOf, jsonJob } from './json-job.js';

const EXAMPLES = `
Examples:
  rnx job status nightly
  rnx job status nightly --json | jq .exit_code`;

export function addJobStatus(job: Command, io: CliIo): void {
  const command = job
    .command('status')
    .summary('how a job is, and what is stored of it')
    .description('Shows the state of a job, and what is stored of it.')
    .argument('<job>', 'id of the job, or the beginning of it if no other begins so', jobValue)
    .addHelpText('after', EXAMPLES)
    .action((name: string) =>
      runQuery(command, io, async (context) => {
        const { out, style, json } = context;
        const job = await findJob(context, name);
        await out.write(json ? `${jsonText(jsonJob(job))}\n` : statusText(job, style));
      }),
    );
  addGlobalOptions(command, ['json', 'config', 'socket', 'stateSocket', 'node', 'rnxConfig', 'color']);
}

async function findJob(context: QueryContext, name: string): Promise<KnownJob> {
  const { client, states, signal } = context;
  const jobId = await resolveJob(client, name, signal, states);
  const state = await states.get(jobId);
  // Without a state, what persist answers is the answer.
  const info =
    state === undefined ? await client.getJobInfo(jobId, { signal }) : await infoOf(context, jobId);
  return { jobId, info, state };
}

function statusText({ jobId, info, state }: KnownJob, { bold }: Style): string {
  const lines = [
    ['job', jobId],
    ...(state ? stateLines(state) : []),
    ...(info ? infoLines(info, state) : []),
  ];
  return lines.map(([name, value]) => `${bold(name.padEnd(8))} ${value}\n`).join('');
}

function stateLines(state: Job): string[][] {
  const { status, nodeId, owner, startTime, endTime } = state;
  const exitCode = exitCodeOf(state);
  return [
    ['state', exitCode === undefined ? status || '-' : `${status}, exit code ${exitCode}`],
    ['node', nodeId || '-'],
    ...(owner === '' ? [] : [['owner', owner]]),
    ['started', startTime === '' ? '-' : formatTime(instantNs(startTime))],
    ['ended', endTime === '' ? '-' : formatTime(instantNs(endTime))],
  ];
}

function infoLines(job: JobInfo, state: Job | undefined): string[][] {
  const { firstTime, lastTime, stdout, stderr, metrics, sizeBytes, gaps, ended, exitCode } = job;
  const time = (at: bigint): string => (lastTime === 0n ? '-' : formatTime(at));
  const rows = ({ rows: count, bytes }: RowStats): string =>
    `${plural(count, 'line')}, ${formatBytes(bytes)}`;
  const end = exitCode === undefined ? 'ended' : `ended, exit code ${exitCode}`;
  return [
    ...(state === undefined ? [['state', ended ? end : 'not known to have ended']] : []),
    ['first', time(firstTime)],
    ['last', time(lastTime)],
    ['stdout', rows(stdout)],
    ['stderr', rows(stderr)],
    ['metrics', plural(metrics.rows, 'sample')],
    ['missing', gaps === 0n ? 'nothing known' : plural(gaps, 'piece')],
    ['on disk', formatBytes(sizeBytes)],
  ];
}
