import type { JobInfo } from '@joblet/client';
import type { RowStats } from '@joblet/storage';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { formatBytes, plural } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import { jobValue } from '../option-values.js';
import { runQuery } from '../query-command.js';
import { resolveJob } from '../resolve-job.js';
import type { Style } from '../style.js';
import { formatTime } from '../time.js';
import { jsonJob } from './json-job.js';

const EXAMPLES = `
Examples:
  rnx job status nightly
  rnx job status nightly --json | jq .exit_code`;

export function addJobStatus(job: Command, io: CliIo): void {
  const command = job
    .command('status')
    .summary('what is stored of a job')
    .description('Shows what is stored of a job, and how it ended if that is known.')
    .argument('<job>', 'id of the job, or the beginning of it if no other begins so', jobValue)
    .addHelpText('after', EXAMPLES)
    .action((name: string) =>
      runQuery(command, io, async ({ client, out, style, json, signal }) => {
        const info = await client.getJobInfo(await resolveJob(client, name, signal), { signal });
        await out.write(json ? `${jsonText(jsonJob(info))}\n` : statusText(info, style));
      }),
    );
  addGlobalOptions(command, ['json', 'config', 'socket', 'node', 'rnxConfig', 'color']);
}

function statusText(job: JobInfo, { bold }: Style): string {
  const { jobId, firstTime, lastTime, stdout, stderr, metrics, sizeBytes, gaps, ended, exitCode } = job;
  const time = (at: bigint): string => (lastTime === 0n ? '-' : formatTime(at));
  const rows = ({ rows: count, bytes }: RowStats): string =>
    `${plural(count, 'line')}, ${formatBytes(bytes)}`;
  const end = exitCode === undefined ? 'ended' : `ended, exit code ${exitCode}`;
  const lines = [
    ['job', jobId],
    ['state', ended ? end : 'not known to have ended'],
    ['first', time(firstTime)],
    ['last', time(lastTime)],
    ['stdout', rows(stdout)],
    ['stderr', rows(stderr)],
    ['metrics', plural(metrics.rows, 'sample')],
    ['missing', gaps === 0n ? 'nothing known' : plural(gaps, 'piece')],
    ['on disk', formatBytes(sizeBytes)],
  ];
  return lines.map(([name, value]) => `${bold(name.padEnd(8))} ${value}\n`).join('');
}
