const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))$/;
const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/;

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Go's zero time. */
const ZERO = '0001-01-01T00:00:00.000000000Z';

/**
 * The instant of a time in RFC 3339 as 30 characters, `2025-11-20T00:53:20.123456789Z`: UTC with nanoseconds, so that
 * the order of the texts is the order in time. Undefined when it is not a time. Digits beyond nanoseconds are cut, as Go
 * cuts them.
 */
export function instantOf(time: string): string | undefined {
  let instant = latest.get(time);
  if (instant === undefined) {
    instant = readInstant(time);
    if (instant === undefined) return undefined;
    if (latest.size === LATEST_MAX) latest.clear();
    latest.set(time, instant);
  }
  return instant;
}

/** A job's times are asked for several times in a row, and many jobs are changed within a millisecond. */
const latest = new Map<string, string>();
const LATEST_MAX = 32;

function readInstant(time: string): string | undefined {
  const match = RFC_3339.exec(time);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', , sign, offsetHours, offsetMinutes] = match;
  const isTime = Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
  if (!isTime || !isDate(Number(year), Number(month), Number(day))) return undefined;
  if (sign === undefined && CANONICAL.test(time)) return time;
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const utc = sign === undefined ? local : toUtc(local, sign, Number(offsetHours), Number(offsetMinutes));
  // Joined, not added: a sum of texts would keep its parts in memory.
  return utc && [utc, '.', fraction.slice(0, 9).padEnd(9, '0'), 'Z'].join('');
}

function isDate(year: number, month: number, day: number): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = month === 2 && isLeap ? 29 : DAYS_OF_MONTH[month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function toUtc(local: string, sign: string, hours: number, minutes: number): string | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  const offset = (hours * 60 + minutes) * 60_000 * (sign === '-' ? -1 : 1);
  const utc = new Date(Date.parse(`${local}Z`) - offset).toISOString();
  // An offset can lead out of the four-digit years, whose order as texts would be another.
  return /^\d{4}-/.test(utc) ? utc.slice(0, 19) : undefined;
}

/** As `instantOf`; '' for Go's zero time. */
export function nonZeroInstant(time: string): string | undefined {
  const instant = instantOf(time);
  return instant === ZERO ? '' : instant;
}
