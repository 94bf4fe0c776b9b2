import { resolve } from 'node:path';
import * as z from 'zod';
import { DURATION, formatDuration, parseDuration } from './duration.js';
import { LISTEN_PORT, type Range } from './limits.js';

// The kinds of values. Each gives every one of its errors the same message, what is allowed: ConfigError puts what
// was found beside it. Defaults go through the same checks as the file's values (`prefault`).

/** What a section must be. */
export const SECTION = 'a section: keys and values';

/** A section whose keys are not checked here. */
export function openSection(about: string) {
  return z.record(z.string(), z.unknown(), SECTION).optional().describe(about);
}

export function wholeNumber(fallback: number, range: Range, about: string) {
  return boundedInt(range).prefault(fallback).describe(about);
}

export function boundedInt({ min, max }: Range) {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.int(allowed).min(min, allowed).max(max, allowed);
}

export function flag(fallback: boolean, about: string) {
  return z.boolean('true or false').prefault(fallback).describe(about);
}

/** The first value is the default. */
export function choice<const Values extends readonly [string, ...string[]]>(values: Values, about: string) {
  const [fallback]: readonly [Values[number], ...string[]] = values;
  return z
    .enum(values, values.length === 1 ? values[0] : `one of ${values.join(', ')}`)
    .prefault(fallback)
    .describe(about);
}

export function text(fallback: string, about: string) {
  return z.string('text').prefault(fallback).describe(about);
}

/** A path; a relative one starts at `folder`. */
export function path(folder: string, fallback: string, about: string) {
  return absolutePath(folder).prefault(fallback).describe(about);
}

export function socketPath(folder: string, bytesMax: number, fallback: string, about: string) {
  return absolutePath(folder)
    .refine((value) => Buffer.byteLength(value) <= bytesMax, {
      error: ({ input }) =>
        `a socket path of at most ${bytesMax} bytes, not ${Buffer.byteLength(String(input))}`,
    })
    .prefault(fallback)
    .describe(about);
}

/** As `path`, but the words in `kept` are taken as they are: stdout, or "" for none. */
export function pathOr(kept: readonly string[], folder: string, fallback: string, about: string) {
  const allowed = [...kept.map((word) => (word === '' ? '""' : word)), 'a path'].join(' or ');
  return z
    .string(allowed)
    .refine((value) => kept.includes(value) || isPath(value), allowed)
    .overwrite((value) => (kept.includes(value) ? value : resolve(folder, value)))
    .prefault(fallback)
    .describe(about);
}

function absolutePath(folder: string) {
  return z
    .string('a path')
    .refine(isPath, { error: 'a path', abort: true })
    .overwrite((value) => resolve(folder, value));
}

/** What the file system takes as a path. */
export function isPath(value: string): boolean {
  return value !== '' && !value.includes('\0');
}

const LISTEN_ADDRESS = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:/[\]]*):(\d{1,5})$/;

/** `host:port`, `[::1]:port`, `:port` (all interfaces), or "" for none. */
export function listenAddress(fallback: string, about: string) {
  return z
    .string(ADDRESS_ALLOWED)
    .refine((value) => value === '' || isListenAddress(value), ADDRESS_ALLOWED)
    .prefault(fallback)
    .describe(about);
}

const ADDRESS_ALLOWED = 'host:port such as 127.0.0.1:9092 or [::1]:9092, or ""';

function isListenAddress(value: string): boolean {
  const port = LISTEN_ADDRESS.exec(value)?.[1];
  return port !== undefined && Number(port) <= LISTEN_PORT.max;
}

/** `5s`, `500ms`, `1h30m` in the file, milliseconds in the result. */
export function duration(fallback: string, { min, max }: Range, about: string) {
  const allowed = `a duration from ${formatDuration(min)} to ${formatDuration(max)} such as 500ms, 5s, 1m or 2h`;
  return z
    .codec(
      z.string(allowed).regex(DURATION, allowed),
      z.number(allowed).min(min, allowed).max(max, allowed),
      {
        decode: parseDuration,
        encode: formatDuration,
      },
    )
    .prefault(fallback)
    .describe(about);
}
