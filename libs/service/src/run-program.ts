import { CommanderError } from 'commander';
import { EXIT_FAILED, EXIT_USAGE } from './exit-codes.js';
import { createLogger, type LoggerOptions, type ServiceLogger } from './logger.js';
import { parseArguments, type ProgramArguments, type ProgramTexts } from './program-arguments.js';
import { runUntilSignal, type RunOptions } from './run-until-signal.js';
import { StartError } from './start-error.js';
import { messageOf, toError } from './to-error.js';

/** What every service needs of its configuration. */
export interface LoadedSettings {
  readonly config: { readonly logging: Pick<LoggerOptions, 'level' | 'format' | 'output'> };
  readonly warnings: readonly { readonly message: string }[];
  /** What is worth knowing, and not wrong. */
  readonly notes: readonly string[];
}

export interface StartContext<Loaded> {
  readonly loaded: Loaded;
  readonly logger: ServiceLogger['logger'];
  /** Aborted when the service is to stop before it has started. */
  readonly stop: AbortSignal;
}

export interface Program<Loaded extends LoadedSettings> extends ProgramTexts {
  /**
   * Finds and reads the configuration. An error with an `exitCode` is the user's: it is told in its own words, after its
   * `warnings`.
   */
  load(file: string | undefined): Promise<Loaded>;
  /** The effective configuration, for --check-config. */
  print(loaded: Loaded): string;
  /** Rejects with StartError, or with any other error: a failure. */
  start(context: StartContext<Loaded>): Promise<Pick<RunOptions, 'drain'>>;
  /** Commands that start no service, by their names; each resolves to its exit code. */
  readonly commands: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>>;
}

/** What the user did wrong. */
interface UserError extends Error {
  readonly exitCode: number;
  readonly warnings?: LoadedSettings['warnings'];
}

/** All that a service's main does: arguments, configuration, log, start, signals, exit codes. */
export async function runProgram<Loaded extends LoadedSettings>(program: Program<Loaded>): Promise<void> {
  // Nobody may be left to tell, or there is no room: it must not end in a stack trace.
  process.stdout.on('error', (error) => {
    tell(`${program.name}: cannot print: ${error.message}`);
    process.exitCode = EXIT_FAILED;
  });
  const [, , name = '', ...rest] = process.argv;
  const command = Object.hasOwn(program.commands, name) ? program.commands[name] : undefined;
  if (command !== undefined) {
    process.exitCode = await command(rest);
    return;
  }
  const args = readArguments(program);
  const loaded = args && (await readConfig(program, args.config));
  if (loaded === undefined) return;
  if (args?.checkConfig) {
    for (const { message } of loaded.warnings) tell(message);
    for (const note of loaded.notes) tell(note);
    process.stdout.write(program.print(loaded));
  } else {
    await run(program, loaded, args?.config);
  }
}

/** Undefined when there is nothing more to do: `process.exitCode` is set. */
function readArguments(texts: ProgramTexts): ProgramArguments | undefined {
  try {
    return parseArguments(process.argv.slice(2), texts);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = EXIT_USAGE;
    return undefined;
  }
}

/** Undefined when the configuration is wrong: told on stderr. */
async function readConfig<Loaded extends LoadedSettings>(
  program: Program<Loaded>,
  file: string | undefined,
): Promise<Loaded | undefined> {
  try {
    return await program.load(file);
  } catch (error) {
    if (!isUserError(error)) throw error;
    for (const { message } of error.warnings ?? []) tell(message);
    tell(error.message);
    process.exitCode = error.exitCode;
    return undefined;
  }
}

/** Undefined when the log cannot be written: told on stderr. */
function openLog(name: string, { logging }: LoadedSettings['config']): ServiceLogger | undefined {
  try {
    return createLogger({ name, ...logging });
  } catch (error) {
    tell(`${name} cannot start: ${messageOf(error)}`);
    process.exitCode = EXIT_FAILED;
    return undefined;
  }
}

async function run<Loaded extends LoadedSettings>(
  program: Program<Loaded>,
  loaded: Loaded,
  file: string | undefined,
): Promise<void> {
  const { name } = program;
  const log = openLog(name, loaded.config);
  if (log === undefined) return;
  const { logger, setLevel, close } = log;
  for (const { message } of loaded.warnings) logger.warn(message);
  for (const note of loaded.notes) logger.info(note);
  const stop = new AbortController();
  const started = program.start({ loaded, logger, stop: stop.signal });
  runUntilSignal({
    logger,
    drain: async (enter) => {
      stop.abort(new Error('stopped while starting'));
      const service = await started.catch(() => undefined);
      await service?.drain(enter);
    },
    onHangup: async () => {
      const { level } = (await program.load(file)).config.logging;
      setLevel(level);
      logger.info(`the log level is ${level}`);
    },
    beforeExit: close,
  });
  try {
    await started;
  } catch (error) {
    if (stop.signal.aborted) return;
    logger.debug({ err: toError(error) }, `${name} cannot start`);
    logger.fatal(`${name} cannot start: ${messageOf(error)}`);
    close();
    process.exit(error instanceof StartError ? error.exitCode : EXIT_FAILED);
  }
}

function isUserError(error: unknown): error is UserError {
  return error instanceof Error && 'exitCode' in error && typeof error.exitCode === 'number';
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}
