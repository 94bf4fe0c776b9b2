import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { CommandError } from '../command-error.js';
import { RunExitCode } from '../exit-codes.js';
import { openOutputPipes } from './output-pipe.js';

/** A command that runs in a session of its own; stdin is ours. */
export interface Child {
  /** Also the id of its session and of its first process group. */
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** The command's exit code, 128+n when a signal ended it. */
  readonly exited: Promise<number>;
  /** Sends a signal to its process group; false: nobody is left there. */
  kill(signal: NodeJS.Signals): boolean;
}

/** As much of a command that cannot be started is shown. */
const SHOWN_LENGTH_MAX = 200;

/** Rejects with CommandError: 127 when there is no such command, 126 when it cannot be run. */
export async function startChild(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Child> {
  const pipes = openOutputPipes(2);
  try {
    const child = spawn(command, args, {
      // setsid(2): a signal to its group does not reach us, and all that it starts can be found by the session.
      detached: true,
      env,
      stdio: ['inherit', ...(pipes?.map(({ writeFd }) => writeFd) ?? ['pipe' as const, 'pipe' as const])],
    });
    const exited = new Promise<number>((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(signal === null ? (code ?? 0) : RunExitCode.SIGNAL_BASE + constants.signals[signal]);
      });
    });
    const pid = await started(child);
    const [stdout, stderr] = pipes?.map(({ source }) => source) ?? [child.stdout, child.stderr];
    if (!stdout || !stderr) throw new Error('the command was started without pipes');
    return { pid, stdout, stderr, exited, kill: (signal) => killGroup(pid, signal) };
  } catch (error) {
    for (const { source } of pipes ?? []) source.destroy();
    throw notStarted(command.slice(0, SHOWN_LENGTH_MAX), env, error);
  } finally {
    for (const { writeFd } of pipes ?? []) closeSync(writeFd);
  }
}

function started(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', () => {
      if (child.pid === undefined) reject(new Error('the command was started without a process id'));
      else resolve(child.pid);
    });
  });
}

function notStarted(command: string, env: NodeJS.ProcessEnv, error: unknown): CommandError {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // An empty name is Node's own error.
  if (command === '')
    return new CommandError(RunExitCode.NOT_FOUND, '"": command not found', { cause: error });
  if (code === 'ENOENT' || (code === 'EACCES' && !isThere(command, env))) {
    return new CommandError(RunExitCode.NOT_FOUND, `${command}: command not found`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  const reason = code === 'EACCES' ? 'permission denied' : text;
  return new CommandError(RunExitCode.NOT_EXECUTABLE, `${command}: ${reason}`, { cause: error });
}

/** A folder of PATH that may not be searched is EACCES too, though the command is nowhere: not found, as shells say. */
function isThere(command: string, { PATH = '' }: NodeJS.ProcessEnv): boolean {
  return command.includes('/') || PATH.split(delimiter).some((folder) => existsSync(join(folder, command)));
}

function killGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}
