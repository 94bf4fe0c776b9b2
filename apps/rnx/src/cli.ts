import { Command } from 'commander';
import type { CliIo } from './cli-io.js';
import { addConfigCheck } from './commands/config-check.js';
import { addJobDelete } from './commands/job-delete.js';
import { addJobList } from './commands/job-list.js';
import { addJobLog } from './commands/job-log.js';
import { addJobMetrics } from './commands/job-metrics.js';
import { addJobRun } from './commands/job-run.js';
import { addJobStatus } from './commands/job-status.js';
import { ExitCode } from './exit-codes.js';
import { failureOf } from './failure.js';
import { addGlobalOptions } from './global-options.js';
import { OutputError } from './output.js';
import { rewriteArgs } from './rewrite-args.js';
import { VERSION } from './version.js';

const HELP = `
Examples:
  rnx job run -- make test               runs "make test" here; its output is kept
  rnx job list                           which jobs there are
  rnx job log 3f2a --tail=20             the last lines of the job whose id begins with 3f2a
  rnx job metrics 3f2a --aggregate=max   its peak use of processor and memory
  rnx config check                       what is wrong with joblet-config.yml

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no such job, 4 persist is not available, 130 interrupted.
"job run" returns its command's code: 127 not found, 126 not executable, 128+n ended by signal n.`;

/** Runs one command line and gives the exit code. Never rejects. */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let exitCode: number = ExitCode.OK;
  let helpFailure: Promise<Error | undefined> | undefined;
  const program = buildProgram(
    io,
    (code) => (exitCode = code),
    (text) => {
      helpFailure = written(io, text);
    },
  );
  try {
    await program.parseAsync(rewriteArgs(args, program, ['job', 'run']), { from: 'user' });
    return exitCode;
  } catch (error) {
    const notWritten = await helpFailure;
    const failure = failureOf(notWritten ? new OutputError(notWritten) : error);
    if (failure.message !== '') io.stderr.write(`rnx: ${failure.message}\n`);
    if (failure.exitCode === ExitCode.INTERRUPTED) io.abandonOutput();
    return failure.exitCode;
  }
}

/** The error, if the text could not be written. */
function written(io: CliIo, text: string): Promise<Error | undefined> {
  return new Promise((resolve) => io.stdout.write(text, (error) => resolve(error ?? undefined)));
}

function buildProgram(
  io: CliIo,
  setExitCode: (code: number) => void,
  writeHelp: (text: string) => void,
): Command {
  const program = new Command('rnx')
    .description('Runs jobs, and shows what jobs left behind: their output and what they used.')
    .version(VERSION, '-V, --version', 'the version')
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      writeErr: (text) => void io.stderr.write(text),
      // Errors are printed in one place, on one line.
      outputError: () => undefined,
    })
    .addHelpText('after', HELP);
  addGlobalOptions(program, ['config', 'socket', 'ipcSocket', 'node', 'rnxConfig', 'json', 'color']);
  const job = program
    .command('job')
    .description('Runs jobs and shows what is kept of them.')
    .enablePositionalOptions()
    .helpOption('-h, --help', 'this help')
    .helpCommand(false);
  const config = program
    .command('config')
    .description('Checks the configuration of the services.')
    .helpOption('-h, --help', 'this help')
    .helpCommand(false);
  addConfigCheck(config, io, setExitCode);
  program.helpCommand(false);
  addJobRun(job, io, setExitCode);
  addJobLog(job, io);
  addJobMetrics(job, io);
  addJobList(job, io);
  addJobStatus(job, io);
  addJobDelete(job, io);
  return program;
}
