import { setTimeout } from 'node:timers/promises';
import { StreamType } from '@joblet/wire';
import type { CliIo } from '../cli-io.js';
import { CommandError } from '../command-error.js';
import { ExitCode } from '../exit-codes.js';
import { HOLDERS_NOTE_AFTER_MS, SAMPLE_INTERVAL_MS } from '../limits.js';
import type { UsageSampler } from '../process-metrics/usage-sampler.js';
import { systemReason } from '../system-reason.js';
import { startChild, type Child } from './child.js';
import { Passage } from './passage.js';
import { pump } from './pump.js';
import type { Recorder } from './recorder.js';
import type { StateRecorder } from './state-recorder.js';

export interface RunJobOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly io: CliIo;
  readonly recorder: Recorder;
  readonly state: StateRecorder;
  readonly usage: UsageSampler;
  /** A line on stderr for a person. */
  readonly note: (line: string) => void;
}

const { STDOUT, STDERR } = StreamType;
const FORWARDED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Runs a command to its end and gives its exit code. Rejects with CommandError when it cannot be started. */
export async function runJob(options: RunJobOptions): Promise<number> {
  const { io, usage, recorder, state } = options;
  const measured = await tolerate(options, () => usage.start().then(() => true));
  const child = await startOrTell(options);
  state.running(child.pid);
  const ended = new AbortController();
  let signalsAfterEnd = 0;
  let isStopped = false;
  // For good: a signal that comes when all is done must not change the exit code.
  io.onSignals(FORWARDED, (signal) => {
    const taken = child.kill(signal);
    isStopped ||= !ended.signal.aborted;
    if (!ended.signal.aborted || (taken && ++signalsAfterEnd === 1)) return;
    // Those who still hold the output do not hold us: none is in the group, or all have had their chance.
    child.stdout.destroy();
    child.stderr.destroy();
  });
  const streams = passOutput(child, options);
  const samples = measured && tolerate(options, () => sampleUntil(ended.signal, child, options));
  const exitCode = await child.exited;
  ended.abort();
  state.ended(exitCode, isStopped);
  await noteHolders(streams, options);
  await samples;
  await Promise.all([recorder.close(), state.close()]);
  return exitCode;
}

/** Rejects with CommandError; the state of the job is FAILED then. */
async function startOrTell({ command, args, env, state }: RunJobOptions): Promise<Child> {
  try {
    return await startChild(command, args, env);
  } catch (error) {
    state.ended(error instanceof CommandError ? error.exitCode : ExitCode.FAILED, false);
    await state.close();
    throw error;
  }
}

/** Resolves at the end of both streams. */
async function passOutput(child: Child, options: RunJobOptions): Promise<void> {
  const { io, recorder, note } = options;
  const out = new Passage(io.stdout);
  const err = new Passage(io.stderr);
  await Promise.all([
    tolerate(options, () => pump(child.stdout, out, (rows) => recorder.rows(STDOUT, rows))),
    tolerate(options, () => pump(child.stderr, err, (rows) => recorder.rows(STDERR, rows))),
  ]);
  for (const { error } of [out, err]) {
    if (error && error.code !== 'EPIPE') note(`output could not be passed on: ${systemReason(error)}`);
  }
}

/** Our own failures are told, and do not touch the job. */
async function tolerate<Result>(
  { note }: RunJobOptions,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    note(`job goes on, but: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Samples at an interval, and once more when the command has ended. */
async function sampleUntil(
  ended: AbortSignal,
  { pid }: Child,
  { usage, recorder }: RunJobOptions,
): Promise<void> {
  // Memory and I/O of a command that ends soon are known from this one alone.
  await usage.look(pid);
  let last = false;
  while (!last) {
    await setTimeout(SAMPLE_INTERVAL_MS, undefined, { signal: ended }).catch(() => undefined);
    last = ended.aborted;
    const data = await usage.sample(pid);
    if (data) await recorder.sample(data);
  }
}

/** The command has ended: waits for the end of its output, which others that it started may still hold. */
async function noteHolders(streams: Promise<void>, { note }: RunJobOptions): Promise<void> {
  const done = new AbortController();
  const late = setTimeout(HOLDERS_NOTE_AFTER_MS, undefined, { signal: done.signal }).then(
    () => note('the command has ended; waiting for processes that it left behind and that hold its output'),
    () => undefined,
  );
  await streams;
  done.abort();
  await late;
}
