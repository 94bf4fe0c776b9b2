import { normaliseTimestamp } from '@joblet/wire';
import { TIME_MAX } from './limits.js';

const NANOS = { ns: 1n, us: 1_000n, µs: 1_000n, ms: 1_000_000n, s: 10n ** 9n } as const;
const UNITS: Readonly<Record<string, bigint>> = {
  ...NANOS,
  m: 60n * NANOS.s,
  h: 3_600n * NANOS.s,
  d: 86_400n * NANOS.s,
  w: 7n * 86_400n * NANOS.s,
};

const DURATION = /^(?:\d+(?:ns|us|µs|ms|s|m|h|d|w))+$/;
const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const UNIX_TIME = /^(\d+)(?:\.(\d{1,9}))?$/;

/** Nanoseconds of `90s`, `1h30m`, `500ms`, …; undefined when it is no duration. */
export function parseDuration(text: string): bigint | undefined {
  if (!DURATION.test(text)) return undefined;
  let sum = 0n;
  for (const [, count, unit] of text.matchAll(/(\d+)([^\d]+)/g)) sum += BigInt(count) * UNITS[unit];
  return sum;
}

/**
 * Unix nanoseconds of a point in time: RFC 3339, a Unix time (seconds, milliseconds, microseconds or nanoseconds, told
 * apart by its size), or a duration before `now`. Undefined when it is none of these or out of range.
 */
export function parseTime(text: string, now: bigint): bigint | undefined {
  const time = text === 'now' ? now : (relativeTime(text, now) ?? unixTime(text) ?? rfc3339Time(text));
  if (time === undefined || time < 0n || time > TIME_MAX) return undefined;
  // 0 means "unbounded" to the service.
  return time === 0n ? 1n : time;
}

/** As in `2026-01-31T23:59:59.123456789Z`. */
export function formatTime(time: bigint): string {
  const nanos = ((time % NANOS.s) + NANOS.s) % NANOS.s;
  return `${formatSeconds(time).slice(0, -1)}.${nanos.toString().padStart(9, '0')}Z`;
}

/** As in `2026-01-31T23:59:59Z`: what happened within the second is cut. */
export function formatSeconds(time: bigint): string {
  const nanos = ((time % NANOS.s) + NANOS.s) % NANOS.s;
  const millis = Number((time - nanos) / NANOS.ms);
  return new Date(millis).toISOString().replace(/\.000Z$/, 'Z');
}

function relativeTime(text: string, now: bigint): bigint | undefined {
  const duration = parseDuration(text);
  return duration === undefined ? undefined : now - duration;
}

function unixTime(text: string): bigint | undefined {
  const match = UNIX_TIME.exec(text);
  if (match === null) return undefined;
  const [, whole, fraction] = match;
  if (fraction === undefined) return normaliseTimestamp(BigInt(whole));
  return BigInt(whole) * NANOS.s + BigInt(fraction.padEnd(9, '0'));
}

function rfc3339Time(text: string): bigint | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const [fraction = '', sign, offsetHours = '0', offsetMinutes = '0'] = match.slice(7);
  if (hour > 23 || minute > 59 || second > 60 || Number(offsetHours) > 23 || Number(offsetMinutes) > 59) {
    return undefined;
  }
  const date = new Date(Date.UTC(year, month - 1, day));
  // Date counts the 31st of a short month on into the next.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const offsetSeconds = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -60 : 60);
  const seconds = date.getTime() / 1_000 + hour * 3_600 + minute * 60 + second - offsetSeconds;
  return BigInt(seconds) * NANOS.s + BigInt(fraction.padEnd(9, '0'));
}
