import type { Metric, MetricData } from '@joblet/client';
import { Option, type Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { CommandError } from '../command-error.js';
import { ExitCode } from '../exit-codes.js';
import { formatBytes } from '../format.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import { checkRange, jobValue, stepValue, timeValue, type GivenTime } from '../option-values.js';
import { runQuery } from '../query-command.js';
import { resolveJob } from '../resolve-job.js';
import { writeTable, type Column } from '../table.js';
import { formatTime } from '../time.js';
import { noteGaps } from './note-gaps.js';

interface JobMetricsOptions {
  readonly aggregate?: 'avg' | 'min' | 'max' | 'sum';
  readonly step?: bigint;
  readonly since?: GivenTime;
  readonly until?: GivenTime;
}

const EXAMPLES = `
CPU is in cores, memory and I/O in bytes; reads, writes and network are counted from the start of the job.
Without --aggregate every sample is shown; with it one line for each --step, or one for the whole range.

Examples:
  rnx job metrics nightly
  rnx job metrics nightly --aggregate=max                   the peak of each value
  rnx job metrics nightly --aggregate=avg --step=1m --since=1h
  rnx job metrics nightly --json | jq .memory_usage`;

const COLUMNS: readonly Column[] = [
  { head: 'TIME' },
  ...['CPU', 'MEMORY', 'GPU', 'READ', 'WRITE', 'RX', 'TX'].map((head) => ({ head, align: 'right' as const })),
];

export function addJobMetrics(job: Command, io: CliIo): void {
  const time = timeValue(io.now);
  const command = job
    .command('metrics')
    .summary('what a job used')
    .description('Shows what a job used: processor, memory, disk and network.')
    .argument('<job>', 'id of the job, or the beginning of it if no other begins so', jobValue)
    .addOption(
      new Option('--aggregate <function>', 'one value for each step').choices(['avg', 'min', 'max', 'sum']),
    )
    .option('--step <duration>', 'length of a step, for example 1m; default: the whole range', stepValue)
    .option(
      '--since <T>',
      'only samples from then on: now, how long ago (30m, 1h30m, 1d, 1w), RFC 3339 or a Unix time',
      time,
    )
    .option('--until <T>', 'only samples up to then', time)
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: JobMetricsOptions) => jobMetrics(command, io, name, options));
  addGlobalOptions(command, ['json', 'config', 'socket', 'node', 'rnxConfig', 'color']);
}

function jobMetrics(command: Command, io: CliIo, name: string, options: JobMetricsOptions): Promise<void> {
  const { aggregate, step, since, until } = options;
  if (step !== undefined && aggregate === undefined) {
    throw new CommandError(
      ExitCode.USAGE,
      "option '--step' needs '--aggregate', for example --aggregate=avg",
    );
  }
  checkRange(since, until);
  return runQuery(command, io, async ({ client, out, style, json, signal, note }) => {
    const jobId = await resolveJob(client, name, signal);
    const samples = client.queryMetrics(
      {
        jobId,
        ...(aggregate && { aggregation: aggregate }),
        ...(step && { step }),
        ...(since && { startTime: since.time }),
        ...(until && { endTime: until.time }),
      },
      { signal },
    );
    if (json) {
      for await (const sample of samples) await out.write(`${jsonText(jsonSample(sample))}\n`);
    } else {
      const bytes = style.terminal ? formatBytes : String;
      await writeTable(out, COLUMNS, cellsOf(samples, bytes), style);
    }
    noteGaps(samples.gaps, note);
  });
}

async function* cellsOf(
  samples: AsyncIterable<Metric>,
  bytes: (count: bigint) => string,
): AsyncGenerator<readonly string[]> {
  for await (const { timestamp, data } of samples) {
    const optional = (count: bigint | undefined): string => (count === undefined ? '-' : bytes(count));
    yield [
      formatTime(timestamp),
      data ? data.cpuUsage.toFixed(2) : '-',
      optional(data?.memoryUsage),
      data ? data.gpuUsage.toFixed(2) : '-',
      optional(data?.diskIo?.readBytes),
      optional(data?.diskIo?.writeBytes),
      optional(data?.networkIo?.rxBytes),
      optional(data?.networkIo?.txBytes),
    ];
  }
}

function jsonSample({ jobId, timestamp, sequence, data }: Metric) {
  return {
    job_id: jobId,
    timestamp: formatTime(timestamp),
    timestamp_ns: String(timestamp),
    sequence,
    ...(data && jsonData(data)),
  };
}

function jsonData({ cpuUsage, memoryUsage, gpuUsage, diskIo: disk, networkIo: network }: MetricData) {
  return {
    cpu_usage: cpuUsage,
    memory_usage: memoryUsage,
    gpu_usage: gpuUsage,
    ...(disk && {
      disk_io: {
        read_bytes: disk.readBytes,
        write_bytes: disk.writeBytes,
        read_ops: disk.readOps,
        write_ops: disk.writeOps,
      },
    }),
    ...(network && {
      network_io: {
        rx_bytes: network.rxBytes,
        tx_bytes: network.txBytes,
        rx_packets: network.rxPackets,
        tx_packets: network.txPackets,
      },
    }),
  };
}
