import { resolve } from 'node:path';
import * as z from 'zod';
import { DURATION, formatDuration, parseDuration } from './duration.js';
import type { Range } from './limits.js';

// The kinds of values. Each gives every one of its errors the same message, what is allowed: ConfigError puts what
// was found beside it. Defaults go through the same checks as the file's values (`prefault`). `kind` and `unit` are
// for the documentation.

/** What a section must be. */
export const SECTION = 'a section: keys and values';

/** Keys and values. A section that is absent is put in before the schema is used: see `withKnownKeys`. */
export function section<Shape extends z.core.$ZodLooseShape>(about: string, shape: Shape) {
  return z.object(shape, SECTION).describe(about);
}

/** A section whose keys are not checked here. */
export function openSection(about: string) {
  return z.record(z.string(), z.unknown(), SECTION).optional().describe(about);
}

export function wholeNumber(fallback: number, range: Range, about: string, unit = '') {
  return boundedInt(range, unit).prefault(fallback).meta({ description: about, unit });
}

export function boundedInt({ min, max }: Range, unit = '') {
  const allowed = `a whole number from ${min} to ${max}${unit === '' ? '' : ` (${unit})`}`;
  return z.int(allowed).min(min, allowed).max(max, allowed);
}

export function flag(fallback: boolean, about: string) {
  return z.boolean('true or false').prefault(fallback).describe(about);
}

/** The first value is the default; "" stands for none. */
export function choice<const Values extends readonly [string, ...string[]]>(values: Values, about: string) {
  const [fallback]: readonly [Values[number], ...string[]] = values;
  const names = values.map((value) => (value === '' ? '""' : value));
  const allowed = names.length === 1 ? names[0] : `one of ${names.join(', ')}`;
  return z.enum(values, allowed).prefault(fallback).describe(about);
}

export function text(fallback: string, about: string) {
  return z.string('text').prefault(fallback).describe(about);
}

/** Text that the pattern matches. */
export function textOf(fallback: string, pattern: RegExp, allowed: string, about: string) {
  return z
    .string(allowed)
    .regex(pattern, allowed)
    .prefault(fallback)
    .meta({ description: about, kind: allowed });
}

/** The whole of the text matches the pattern, or it is "" for none. */
export function optionalTextOf(pattern: RegExp, allowed: string, about: string) {
  return textOf('', new RegExp(`^(?:${pattern.source})?$`), `${allowed}, or ""`, about);
}

/** The name of one of ours, or of a module that brings its own. */
export function backendName(fallback: string, names: readonly string[], about: string) {
  return textOf(fallback, /\S/, `one of ${names.join(', ')}, or the name or path of a module`, about);
}

export function awsRegion(about: string) {
  return optionalTextOf(/[a-z]{2}[a-z0-9-]{0,61}[a-z0-9]/, 'a region such as us-east-1', about);
}

/** An address that is asked over HTTP, or "" for none. */
export function httpUrl(about: string) {
  return optionalTextOf(/https?:\/\/[^\s/]\S*/, 'a URL that begins with http:// or https://', about);
}

/** A path; a relative one starts at `folder`. */
export function path(folder: string, fallback: string, about: string) {
  return absolutePath(folder).prefault(fallback).meta({ description: about, kind: 'path' });
}

export function socketPath(folder: string, bytesMax: number, fallback: string, about: string) {
  return absolutePath(folder)
    .refine((value) => Buffer.byteLength(value) <= bytesMax, {
      error: ({ input }) =>
        `a socket path of at most ${bytesMax} bytes, not ${Buffer.byteLength(String(input))}`,
    })
    .prefault(fallback)
    .meta({ description: about, kind: 'path of a socket, 107 bytes at most' });
}

/** As `path`, but the words in `kept` are taken as they are: stdout, or "" for none. */
export function pathOr(kept: readonly string[], folder: string, fallback: string, about: string) {
  const allowed = [...kept.map((word) => (word === '' ? '""' : word)), 'a path'].join(' or ');
  return z
    .string(allowed)
    .refine((value) => kept.includes(value) || isPath(value), allowed)
    .overwrite((value) => (kept.includes(value) ? value : resolve(folder, value)))
    .prefault(fallback)
    .meta({ description: about, kind: allowed });
}

function absolutePath(folder: string) {
  return z
    .string('a path')
    .regex(PATH, { error: ({ input }) => pathAllowed(input), abort: true })
    .overwrite((value) => resolve(folder, value));
}

/** What the file system takes as a path. A URL, `~/x` and `$HOME/x` would be paths, but are never meant as such. */
const PATH = /^(?![A-Za-z][A-Za-z0-9+.-]*:\/\/|~|\$)[^\0]+$/;

function pathAllowed(value: unknown): string {
  return /^[~$]/.test(String(value)) ? 'a path without ~ and variables, which are not expanded' : 'a path';
}

export function isPath(value: string): boolean {
  return PATH.test(value);
}

const PORT = /\d{1,4}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]/;
const LISTEN_ADDRESS = new RegExp(`^(?:(?:\\[[0-9a-fA-F:.]+\\]|[^\\s:/[\\]]*):(?:${PORT.source}))?$`);
const ADDRESS_ALLOWED = 'host:port such as 127.0.0.1:9092 or [::1]:9092, or ""';

/** `host:port`, `[::1]:port`, `:port` (all interfaces), or "" for none. Port 0 is any free port, for tests. */
export function listenAddress(fallback: string, about: string) {
  return z
    .string(ADDRESS_ALLOWED)
    .regex(LISTEN_ADDRESS, ADDRESS_ALLOWED)
    .prefault(fallback)
    .meta({ description: about, kind: 'host:port, [::1]:port, :port, or ""' });
}

/** `5s`, `500ms`, `1h30m` in the file, milliseconds in the result. */
export function duration(fallback: string, { min, max }: Range, about: string) {
  const range = `${formatDuration(min)} to ${formatDuration(max)}`;
  const allowed = `a duration from ${range} such as 500ms, 5s, 1m or 2h`;
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
    .meta({ description: about, kind: `duration, ${range}` });
}

/** The `kind` of `fileMode`. */
export const FILE_MODE = 'octal file mode';

/**
 * `0600` in the file, the number 0o600 in the result. YAML 1.2 reads a bare 0600 as six hundred, so that the value must
 * come here as it is written.
 */
export function fileMode(fallback: string, about: string) {
  const allowed = 'an octal mode such as 0600 or 0660';
  return z
    .codec(z.string(allowed).regex(/^0o?[0-7]{3}$/, allowed), z.int(allowed), {
      decode: (written) => Number.parseInt(written.slice(-3), 8),
      encode: (mode) => `0${mode.toString(8).padStart(3, '0')}`,
    })
    .prefault(fallback)
    .meta({ description: about, kind: FILE_MODE });
}
