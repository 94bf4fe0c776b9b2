import { CommanderError } from 'commander';
import { clientErrorCode } from './client-error-code.js';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { OutputError } from './output.js';

/** How a command ended that did not do all that it was asked; an empty message is not printed. */
export interface Failure {
  readonly exitCode: number;
  readonly message: string;
}

/** For the codes of ClientError and StateStoreError. */
const EXIT_CODES: Partial<Record<string, number>> = {
  INVALID_ARGUMENT: ExitCode.USAGE,
  NOT_FOUND: ExitCode.NOT_FOUND,
  JOB_NOT_FOUND: ExitCode.NOT_FOUND,
  UNAVAILABLE: ExitCode.UNAVAILABLE,
  DEADLINE_EXCEEDED: ExitCode.UNAVAILABLE,
};

export function failureOf(error: unknown): Failure {
  if (error instanceof CommanderError) return commanderFailure(error);
  if (error instanceof CommandError) return { exitCode: error.exitCode, message: messageOf(error) };
  const code = clientErrorCode(error);
  if (code !== undefined) {
    return { exitCode: EXIT_CODES[code] ?? ExitCode.FAILED, message: messageOf(error) };
  }
  if (error instanceof OutputError) {
    // Whoever read the output has seen enough: `rnx job log … | head`.
    if (error.code === 'EPIPE') return { exitCode: ExitCode.OK, message: '' };
    return { exitCode: ExitCode.FAILED, message: messageOf(error) };
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: ExitCode.FAILED, message: `this is a bug in rnx, please report it: ${oneLine(text)}` };
}

function commanderFailure({ code, message }: CommanderError): Failure {
  if (code === 'commander.helpDisplayed' || code === 'commander.version') {
    return { exitCode: ExitCode.OK, message: '' };
  }
  if (code === 'commander.help') return { exitCode: ExitCode.USAGE, message: '' };
  return {
    exitCode: ExitCode.USAGE,
    message: `${inOurWords(oneLine(message.replace(/^error: /, '')))}; --help tells more`,
  };
}

const BAD_OPTION = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (.*)$/;
const BAD_ARGUMENT = /^command-argument value '(.*)' is invalid for argument '(\S+)'\. (.*)$/;

/** Commander's words as in all our other messages: the name, what was found, what is expected. */
function inOurWords(message: string): string {
  const [, option, value = '', allowed = ''] = BAD_OPTION.exec(message) ?? [];
  if (option !== undefined) return `${option}: found ${JSON.stringify(value)}, ${choices(allowed)}`;
  const [, word = '', argument, expected] = BAD_ARGUMENT.exec(message) ?? [];
  if (argument !== undefined) return `${argument.toUpperCase()}: found ${JSON.stringify(word)}, ${expected}`;
  return message.replace(/; \((Did you mean .*\?)\)$/, ', $1').replace(', Did', ', did');
}

function choices(allowed: string): string {
  return allowed.replace(/^Allowed choices are (.*)\.$/, 'expected one of $1');
}

/** What went wrong, on one line. */
export function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

/** Text from elsewhere on one line, without what would move the cursor. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\n\s*/g, '; ')
    .replace(/[\p{Cc}\p{Cf}]/gu, ' ');
}
