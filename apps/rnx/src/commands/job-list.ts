import type { JobInfo } from '@joblet/client';
import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { formatBytes } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import { countValue } from '../option-values.js';
import { runQuery } from '../query-command.js';
import { writeTable, type Column } from '../table.js';
import { formatSeconds } from '../time.js';
import { jsonJob } from './json-job.js';

const EXAMPLES = `
Columns: when the first and the last row came (UTC), rows and bytes of output, samples, bytes on disk.

Examples:
  rnx job list                  all jobs, the one that wrote last first
  rnx job list --limit=10
  rnx job list --json | jq -r 'select(.logs.bytes > 1e9) | .job_id'`;

const COLUMNS: readonly Column[] = [
  { head: 'JOB' },
  { head: 'FIRST' },
  { head: 'LAST' },
  ...['LINES', 'BYTES', 'METRICS', 'ON DISK'].map((head) => ({ head, align: 'right' as const })),
];

export function addJobList(job: Command, io: CliIo): void {
  const command = job
    .command('list')
    .summary('which jobs there are')
    .description('Lists the jobs that something is stored of, the one that wrote last first.')
    .option('--limit <n>', 'at most so many jobs', countValue)
    .addHelpText('after', EXAMPLES)
    .action((options: { readonly limit?: number }) => jobList(command, io, options.limit));
  addGlobalOptions(command, ['json', 'config', 'socket', 'node', 'rnxConfig', 'color']);
}

function jobList(command: Command, io: CliIo, limit: number | undefined): Promise<void> {
  return runQuery(command, io, async ({ client, out, style, json, signal }) => {
    const jobs = client.listJobs({ sort: 'newest', ...(limit && { limit }) }, { signal });
    if (json) {
      for await (const job of jobs) await out.write(`${jsonText(jsonJob(job))}\n`);
      return;
    }
    await writeTable(out, COLUMNS, cellsOf(jobs, style.terminal ? formatBytes : String), style);
  });
}

async function* cellsOf(
  jobs: AsyncIterable<JobInfo>,
  bytes: (count: bigint) => string,
): AsyncGenerator<readonly string[]> {
  for await (const { jobId, firstTime, lastTime, logs, metrics, sizeBytes } of jobs) {
    const time = (at: bigint): string => (lastTime === 0n ? '-' : formatSeconds(at));
    yield [
      jobId,
      time(firstTime),
      time(lastTime),
      String(logs.rows),
      bytes(logs.bytes),
      String(metrics.rows),
      bytes(sizeBytes),
    ];
  }
}
