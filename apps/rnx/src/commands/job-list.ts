import type { Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { formatBytes } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import type { KnownJob } from '../known-job.js';
import { listJobs, type ListFilter } from '../list-jobs.js';
import { countValue, statusValue } from '../option-values.js';
import { runQuery } from '../query-command.js';
import { writeTable, type Column } from '../table.js';
import { formatSeconds } from '../time.js';
import { jsonJob } from './json-job.js';

const EXAMPLES = `
Columns: status and node, from the state service; from persist, when the first and the last row came (UTC), rows and
bytes of output, samples, bytes on disk. --socket alone, or --node: the state service is not asked.

Examples:
  rnx job list                  all jobs, the one that wrote last first
  rnx job list --limit=10
  rnx job list --status=RUNNING --node-id=node-1
  rnx job list --json | jq -r 'select(.logs.bytes > 1e9) | .job_id'`;

const COLUMNS: readonly Column[] = [
  { head: 'JOB' },
  { head: 'STATUS' },
  { head: 'NODE' },
  { head: 'FIRST' },
  { head: 'LAST' },
  ...['LINES', 'BYTES', 'METRICS', 'ON DISK'].map((head) => ({ head, align: 'right' as const })),
];

export function addJobList(job: Command, io: CliIo): void {
  const command = job
    .command('list')
    .summary('which jobs there are')
    .description(
      'Lists the jobs that persist or the state service knows, the one where something happened last first.',
    )
    .option('--status <status>', 'only jobs with this status, such as RUNNING', statusValue)
    .option('--node-id <id>', 'only jobs of this node')
    .option('--limit <n>', 'at most so many jobs', countValue)
    .addHelpText('after', EXAMPLES)
    .action((options: ListFilter) => jobList(command, io, options));
  addGlobalOptions(command, ['json', 'config', 'socket', 'stateSocket', 'node', 'rnxConfig', 'color']);
}

function jobList(command: Command, io: CliIo, filter: ListFilter): Promise<void> {
  return runQuery(command, io, async (context) => {
    const { out, style, json } = context;
    const jobs = await listJobs(context, filter);
    if (json) {
      for (const job of jobs) await out.write(`${jsonText(jsonJob(job))}\n`);
      return;
    }
    await writeTable(out, COLUMNS, cellsOf(jobs, style.terminal ? formatBytes : String), style);
  });
}

async function* cellsOf(
  jobs: readonly KnownJob[],
  bytes: (count: bigint) => string,
): AsyncGenerator<readonly string[]> {
  for (const { jobId, info, state } of jobs) {
    const time = (at: bigint): string =>
      info === undefined || info.lastTime === 0n ? '-' : formatSeconds(at);
    yield [
      jobId,
      state?.status || '-',
      state?.nodeId || '-',
      time(info?.firstTime ?? 0n),
      time(info?.lastTime ?? 0n),
      String(info?.logs.rows ?? 0n),
      bytes(info?.logs.bytes ?? 0n),
      String(info?.metrics.rows ?? 0n),
      bytes(info?.sizeBytes ?? 0n),
    ];
  }
}
