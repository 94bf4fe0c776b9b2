import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { isJobId } from '@joblet/storage';
import { InvalidArgumentError, type Command } from 'commander';
import type { CliIo } from '../cli-io.js';
import { addGlobalOptions, globalOptions, type GlobalOptions } from '../global-options.js';
import { environmentValue } from '../option-values.js';
import { SessionUsage } from '../process-metrics/linux-proc.js';
import { nodeFallback } from '../process-metrics/node-fallback.js';
import { messageOf } from '../failure.js';
import { findState } from '../find-state.js';
import { openRecorder } from '../run/open-recorder.js';
import { runJob } from '../run/run-job.js';
import {
  noStateRecorder,
  openStateRecorder,
  type StateRecorder,
  type StateRecorderOptions,
} from '../run/state-recorder.js';
import { systemReason } from '../system-reason.js';

interface JobRunOptions {
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly idFile?: string;
  readonly quiet?: boolean;
}

const EXAMPLES = `
The output of the command is passed through unchanged, and kept by persist line by line, with what the command uses
once a second (Linux). The first line on stderr is "job <id>". The command goes on when persist is away: what fits into
memory is sent when it is back, the rest is counted and told at the end.
The state service keeps the job's state (INITIALIZING, RUNNING, COMPLETED, FAILED, STOPPED), start, end and exit code.
--ipc-socket alone: the state service is not asked.
All that follows CMD belongs to it; put -- before it. Signals (Ctrl-C, TERM, HUP, QUIT) go to the command.

Examples:
  rnx job run -- make test
  rnx job run --name nightly --env LEVEL=3 -- ./backup.sh --full
  rnx job run --quiet --id-file id -- sh -c 'seq 1000 | gzip' > numbers.gz; rnx job status "$(cat id)"

Exit codes: the command's own; 127 not found, 126 not executable, 128+n ended by signal n; 2 wrong usage of rnx.`;

export function addJobRun(job: Command, io: CliIo, setExitCode: (code: number) => void): void {
  const command = job
    .command('run')
    .summary('run a command and keep its output')
    .description('Runs a command here and keeps what it writes and what it uses.')
    .usage('[options] -- CMD [ARG...]')
    .argument('<command...>', 'the command and its arguments')
    .option('--name <name>', 'what the generated job id begins with')
    .option('--env <K=V>', 'a variable for the command; may be given several times', environmentValue)
    .option('--id <id>', 'job id; default: a generated one', idValue)
    .option('--id-file <file>', 'write the job id into this file before the command starts')
    .option('--quiet', 'no first line "job <id>" on stderr')
    .passThroughOptions()
    .addHelpText('after', EXAMPLES)
    .action(async (words: readonly string[], options: JobRunOptions) => {
      setExitCode(await jobRun(command, io, words, options));
    });
  addGlobalOptions(command, ['config', 'ipcSocket', 'stateSocket']);
}

async function jobRun(
  command: Command,
  io: CliIo,
  [file, ...args]: readonly string[],
  { id, name, env, idFile, quiet }: JobRunOptions,
): Promise<number> {
  const note = (line: string): void => void io.stderr.write(`rnx: ${line}\n`);
  const jobId = id ?? newJobId(name);
  if (!quiet) io.stderr.write(`job ${jobId}\n`);
  if (idFile !== undefined) {
    await writeFile(idFile, `${jobId}\n`).catch((error: Error) =>
      note(`the job id is not written to ${JSON.stringify(idFile)}: ${systemReason(error)}`),
    );
  }
  const usage =
    process.platform === 'linux'
      ? new SessionUsage({ parent: process.pid, clock: () => process.hrtime.bigint() })
      : nodeFallback;
  const globals = globalOptions(command);
  const recorder = await openRecorder({ jobId, globals, io, note });
  const job = { uuid: jobId, name: name ?? '', command: file, args, workingDirectory: io.cwd };
  const state = await openState(globals, io, job, note);
  return runJob({ command: file, args, env: { ...io.env, ...env }, io, recorder, state, usage, note });
}

/** Never rejects: the job runs without its state being kept if it must. */
async function openState(
  globals: GlobalOptions,
  io: CliIo,
  job: StateRecorderOptions['job'],
  note: (line: string) => void,
): Promise<StateRecorder> {
  try {
    const place = await findState(globals, io);
    return place === undefined ? noStateRecorder : await openStateRecorder({ place, job, note });
  } catch (error) {
    note(`the job's state is not kept: ${messageOf(error)}`);
    return noStateRecorder;
  }
}

function idValue(text: string): string {
  if (isJobId(text)) return text;
  throw new InvalidArgumentError(
    'expected 1 to 128 letters, digits, ".", "_" and "-", the first a letter or a digit',
  );
}

const NAME_LENGTH_MAX = 64;

/** A random id; with a name, one that begins with what of the name may be in an id. */
function newJobId(name = ''): string {
  const start = name
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, NAME_LENGTH_MAX)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
  return start === '' ? randomUUID() : `${start}-${randomUUID().slice(0, 13)}`;
}
