import { isUtf8 } from 'node:buffer';
import type { LogLine } from '@joblet/client';
import { Option, type Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { addGlobalOptions } from '../global-options.js';
import { jsonText } from '../json-text.js';
import { checkRange, countValue, jobValue, timeValue, type GivenTime } from '../option-values.js';
import { runQuery } from '../query-command.js';
import { resolveJob } from '../resolve-job.js';
import type { Style } from '../style.js';
import { formatTime } from '../time.js';
import { noteGaps } from './note-gaps.js';

interface JobLogOptions {
  readonly stream?: 'stdout' | 'stderr';
  readonly filter?: string;
  readonly since?: GivenTime;
  readonly until?: GivenTime;
  readonly tail?: number;
  readonly timestamps?: boolean;
  readonly raw?: boolean;
}

const EXAMPLES = `
Both streams are written to stdout, in the order in which they came. A row that does not end with a newline gets
one, unless --raw is given. T is now, how long ago (30m, 1h30m, 1d, 1w), RFC 3339 or a Unix time.

Examples:
  rnx job log nightly                          all that the job wrote ("nightly" may be the beginning of its id)
  rnx job log nightly --tail=20 --timestamps   the last 20 rows, each with its time
  rnx job log nightly --stream=stderr --filter=timeout --since=1h
  rnx job log nightly --raw > output.bin       byte for byte
  rnx job log nightly --json | jq -r .content`;

const STREAMS = { stdout: 1, stderr: 2 } as const;

export function addJobLog(job: Command, io: CliIo): void {
  const time = timeValue(io.now);
  const command = job
    .command('log')
    .summary('what a job wrote')
    .description('Writes what a job wrote to stdout and stderr.')
    .argument('<job>', 'id of the job, or the beginning of it if no other begins so', jobValue)
    .addOption(new Option('--stream <stream>', 'only this stream').choices(['stdout', 'stderr']))
    .option('--filter <text>', 'only rows with this text somewhere, case-sensitive')
    .option('--since <T>', 'only rows from then on', time)
    .option('--until <T>', 'only rows up to then', time)
    .option('--tail <n>', 'only the last n rows that match', countValue)
    .addOption(
      new Option('--timestamps', 'the time in front of each row, RFC 3339 with ns').conflicts([
        'raw',
        'json',
      ]),
    )
    .addOption(new Option('--raw', 'byte for byte, no newline added').conflicts('json'))
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: JobLogOptions) => jobLog(command, io, name, options));
  addGlobalOptions(command, ['json', 'config', 'socket', 'node', 'rnxConfig', 'color']);
}

function jobLog(command: Command, io: CliIo, name: string, options: JobLogOptions): Promise<void> {
  const { stream, filter, since, until, tail } = options;
  checkRange(since, until);
  return runQuery(command, io, async ({ client, out, style, json, signal, note }) => {
    const jobId = await resolveJob(client, name, signal);
    const rows = client.queryLogs(
      {
        jobId,
        ...(stream && { stream: STREAMS[stream] }),
        ...(filter && { filter }),
        ...(since && { startTime: since.time }),
        ...(until && { endTime: until.time }),
        ...(tail && { tail }),
      },
      { signal },
    );
    for await (const row of rows) {
      if (json) await out.write(`${jsonText(jsonRow(row))}\n`);
      else if (options.raw) await out.write(row.content);
      else await out.write(textRow(row, options.timestamps ? style : undefined));
    }
    noteGaps(rows.gaps, note);
  });
}

const NEWLINE = 10;

function textRow({ timestamp, content }: LogLine, style: Style | undefined): Uint8Array {
  const time = style ? `${style.dim(formatTime(timestamp))} ` : '';
  const end = content.at(-1) === NEWLINE ? '' : '\n';
  if (time === '' && end === '') return content;
  return Buffer.concat([Buffer.from(time), content, Buffer.from(end)]);
}

function jsonRow({ jobId, stream, timestamp, sequence, content }: LogLine) {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  return {
    job_id: jobId,
    stream: stream === STREAMS.stdout ? 'stdout' : stream === STREAMS.stderr ? 'stderr' : String(stream),
    timestamp: formatTime(timestamp),
    timestamp_ns: String(timestamp),
    sequence,
    ...(isUtf8(bytes) ? { content: bytes.toString() } : { content_base64: bytes.toString('base64') }),
  };
}
