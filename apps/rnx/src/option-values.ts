import { isJobId } from '@joblet/storage';
import { InvalidArgumentError } from 'commander';
import { CommandError } from './command-error.js';
import { ExitCode } from './exit-codes.js';
import { COUNT_MAX, SOCKET_PATH_BYTES_MAX } from './limits.js';
import { formatTime, parseDuration, parseTime } from './time.js';

// What commander calls for the value of an option or an argument; it names the option and what it found itself.

export function countValue(text: string): number {
  const count = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  if (count >= 1 && count <= COUNT_MAX) return count;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${COUNT_MAX}`);
}

/** A point in time as it was given. */
export interface GivenTime {
  readonly text: string;
  /** Unix nanoseconds. */
  readonly time: bigint;
}

export function timeValue(now: () => bigint): (text: string) => GivenTime {
  // One for all options of a command: --until=1h --since=1h is a range, however late the second is read.
  let start: bigint | undefined;
  return (text) => {
    const time = parseTime(text, (start ??= now()));
    if (time !== undefined) return { text, time };
    throw new InvalidArgumentError(
      'expected now, how long ago (30m, 1h30m, 1d, 1w), 2026-01-31T23:59:59Z or a Unix time after 1970',
    );
  };
}

/** Throws CommandError when nothing can lie in between. */
export function checkRange(since: GivenTime | undefined, until: GivenTime | undefined): void {
  if (!since || !until || since.time <= until.time) return;
  const shown = ({ text, time }: GivenTime): string => `${JSON.stringify(text)} (${formatTime(time)})`;
  throw new CommandError(
    ExitCode.USAGE,
    `--since: found ${shown(since)}, which is behind --until ${shown(until)}; expected an earlier time; --help tells more`,
  );
}

export function stepValue(text: string): bigint {
  const step = parseDuration(text);
  if (step !== undefined && step > 0n) return step;
  throw new InvalidArgumentError('expected a duration such as 10s, 1m or 1h30m');
}

/** A path or a name: an empty one is a shell variable that is not set. */
export function givenValue(text: string): string {
  if (text !== '') return text;
  throw new InvalidArgumentError('expected something (is a variable of the shell not set?)');
}

export function socketValue(text: string): string {
  const length = Buffer.byteLength(text);
  if (length > 0 && length <= SOCKET_PATH_BYTES_MAX) return text;
  throw new InvalidArgumentError(
    `expected a socket path of 1 to ${SOCKET_PATH_BYTES_MAX} bytes, the most that the system allows, not ${length}`,
  );
}

/** A job's id, or the beginning of one. */
export function jobValue(text: string): string {
  if (isJobId(text)) return text;
  throw new InvalidArgumentError(
    'expected a job id or its beginning: letters, digits, ".", "_" and "-", the first a letter or a digit, at most 128',
  );
}

/** Collects `--env K=V` given several times. */
export function environmentValue(
  text: string,
  earlier: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('expected NAME=VALUE');
  return { ...earlier, [name]: value };
}

/** In upper case, as statuses are; a daemon newer than this may have others than we know. */
export function statusValue(text: string): string {
  if (/^[A-Za-z_]{1,64}$/.test(text)) return text.toUpperCase();
  throw new InvalidArgumentError('expected a status such as RUNNING or COMPLETED');
}
