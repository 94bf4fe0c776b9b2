import { openSync } from 'node:fs';
import { pino, stdSerializers, stdTimeFunctions, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { LogOutput } from './log-output.js';
import { systemReason } from './system-reason.js';

export interface LoggerOptions {
  /** The service's name, in every line. */
  readonly name: string;
  /** DEBUG, INFO, WARN or ERROR, in any case. */
  readonly level: string;
  /** `text` for people, `json` for one JSON document on each line. */
  readonly format: 'text' | 'json';
  /** `stdout`, `stderr` or the path of a file, which is appended to. */
  readonly output: string;
  /** For NO_COLOR; default: the process's. */
  readonly env?: NodeJS.ProcessEnv;
}

/** A logger, and what a service does with it beside logging. */
export interface ServiceLogger {
  readonly logger: Logger;
  /** For this logger and its children, those made before too. */
  setLevel(level: string): void;
  /** Lines that could not be written because the output was closed, full or broken. */
  readonly droppedLines: number;
  /** Writes what waits and closes the file. */
  close(): void;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/**
 * Lines are written at once, in this thread. A closed stdout or stderr does not end the process, neither by this
 * logger nor by `process.stdout.write`. Throws an Error that names the file when it cannot be opened.
 */
export function createLogger(options: LoggerOptions): ServiceLogger {
  const { name, format, env = process.env } = options;
  surviveClosedPipes();
  const output = openOutput(options.output);
  const logger: Logger = pino(
    {
      name,
      level: parseLevel(options.level),
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: format === 'json' ? stdSerializers.err : errorForPeople },
    },
    format === 'json' ? output : prettyOutput(output, hasColours(options.output, env)),
  );
  return {
    logger,
    setLevel: (level) => {
      logger.level = parseLevel(level);
    },
    get droppedLines() {
      return output.droppedLines;
    },
    close: () => output.close(),
  };
}

function parseLevel(level: string): (typeof LEVELS)[number] {
  const parsed = LEVELS.find((known) => known === level.toLowerCase());
  if (parsed === undefined)
    throw new TypeError(
      `log level: found ${JSON.stringify(level)}, expected one of DEBUG, INFO, WARN, ERROR`,
    );
  return parsed;
}

function openOutput(output: string): LogOutput {
  if (output === 'stdout') return new LogOutput(1);
  if (output === 'stderr') return new LogOutput(2);
  try {
    return new LogOutput(openSync(output, 'a', 0o600));
  } catch (error) {
    throw new Error(`cannot write the log to ${output} (logging.output): ${systemReason(error)}`, {
      cause: error,
    });
  }
}

/** The message alone of what the system or a store refused; a stack for what is a bug. */
function errorForPeople(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const isBug = !('code' in error) || String(error.code).startsWith('ERR_');
  return isBug ? stdSerializers.err(error) : error.message;
}

function prettyOutput(output: LogOutput, colorize: boolean) {
  const format = prettyFactory({
    colorize,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
    // Else errors are put on lines of their own.
    errorLikeObjectKeys: [],
  });
  return {
    write: (line: string) => output.write(format(line)),
    flushSync: () => output.flushSync(),
  };
}

/** Only on a terminal, and not when NO_COLOR is set (no-color.org). */
export function hasColours(output: string, env: NodeJS.ProcessEnv, terminals: Terminals = process): boolean {
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return (output === 'stdout' && terminals.stdout.isTTY) || (output === 'stderr' && terminals.stderr.isTTY);
}

interface Terminals {
  readonly stdout: { readonly isTTY: boolean };
  readonly stderr: { readonly isTTY: boolean };
}

/** Node ends a process whose stdout is closed under it, unless somebody listens. */
function surviveClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr])
    if (!stream.listeners('error').includes(ignoreError)) stream.on('error', ignoreError);
}

function ignoreError(): void {
  // What is written past the logger is a help text or a question: there is nobody left to tell.
}
